import json
import subprocess
import sys
import unittest

from support import ROOT, Session, environment

EXAMPLE = ROOT / "examples" / "python-tasks"

# Of each task in each tick: o is ok, n not_computable.
STATUSES = {
    "level:mean": "ooooonoo",
    "level:trend": "noooonno",
    "level:tomorrow": "ooooonoo",
    "shadow:score": "noooonno",
    "shadow:scenarios": "ooooonoo",
}


class TestExample(unittest.TestCase):
    """examples/python-tasks, by the protocol alone."""

    def run_all(self, seed):
        lines = []
        with Session("", command=[sys.executable, str(EXAMPLE / "tasks.py")], PYTHONHASHSEED=seed) as s:
            names = [t["name"] for t in s.hello()["tasks"]]
            with open(EXAMPLE / "levels.jsonl", encoding="utf-8") as f:
                for tick, line in enumerate(f):
                    lines.append(s.tick(tick, *names, context=json.loads(line)))
            self.assertEqual(s.end(), (0, ""))
        return lines

    def test_processes_agree(self):
        ticks = self.run_all("1")
        self.assertEqual(ticks, self.run_all("2"))
        found = {}
        for results in ticks:
            for r in results:
                found[r["task"]] = found.get(r["task"], "") + r["status"][0]
        self.assertEqual(found, STATUSES)
        self.assertEqual(ticks[6][0]["value"], {"level": 95.0, "silent": ["bridge", "ferry"], "spread": 0.0})

    def test_its_own_tests(self):
        try:
            import pytest  # noqa: F401
        except ImportError:
            self.skipTest("pytest is not installed")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "ers.pytest_plugin", "test_tasks.py"]
        done = subprocess.run(command, cwd=EXAMPLE, env=environment(PYTEST_ADDOPTS=""), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
