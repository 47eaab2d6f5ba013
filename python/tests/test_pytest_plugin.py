import importlib.util
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import KIT, environment

TESTS = """
import itertools

def test_pass(ers_invariant):
    assert ers_invariant(lambda: [1, 2]).ok

def test_runs(ers_invariant):
    calls = []
    ers_invariant(lambda: calls.append(1) or 1)
    print("called", len(calls))

def test_drift(ers_invariant):
    turn = itertools.count()
    ers_invariant(lambda: {"n": next(turn) == 1})

def test_fixed(ers_invariant):
    assert ers_invariant(lambda x: x, runs=2, args=[3]).runs == 2
"""


@unittest.skipUnless(importlib.util.find_spec("pytest"), "pytest is not installed")
class TestPlugin(unittest.TestCase):
    def run_pytest(self, *args, conftest="", entry_point=False):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "test_it.py").write_text(TESTS)
            Path(folder, "conftest.py").write_text(conftest)
            env = environment(PYTEST_ADDOPTS="")
            if entry_point:  # as pip would leave it
                info = Path(folder, "site", "ers-1.0.dist-info")
                info.mkdir(parents=True)
                Path(info, "METADATA").write_text("Metadata-Version: 2.1\nName: ers\nVersion: 1.0\n")
                Path(info, "entry_points.txt").write_text("[pytest11]\ners = ers.pytest_plugin\n")
                env["PYTHONPATH"] += f":{info.parent}"
            command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", *args]
            done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
            return done.stdout + done.stderr

    def check(self, output, runs):
        self.assertIn("1 failed, 3 passed", output)
        self.assertIn("run 1 differs from the other", output)
        self.assertIn("at /n", output)
        self.assertIn(f"called {runs}", output)
        self.assertNotIn("invariant.py", output)  # the kit's own frames are not shown

    def test_copied(self):
        self.check(self.run_pytest(conftest='pytest_plugins = ["ers.pytest_plugin"]'), 12)

    def test_installed(self):
        output = self.run_pytest("--ers-runs=5", entry_point=True)
        self.check(output, 5)

    def test_entry_point_is_that_of_the_project(self):
        self.assertIn('[project.entry-points.pytest11]\ners = "ers.pytest_plugin"', Path(KIT, "pyproject.toml").read_text())

    def test_too_few(self):
        self.assertIn("runs is 1: it takes at least 2", self.run_pytest("-p", "ers.pytest_plugin", "--ers-runs=1"))
