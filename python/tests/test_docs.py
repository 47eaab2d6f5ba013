import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import ROOT, environment

DOC = ROOT / "docs" / "python.md"
FILE = re.compile(r"^`(\w+\.py)`:\n\n```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


class TestDocs(unittest.TestCase):
    """Commands of docs/python.md print what is written there."""

    def test_commands(self):
        text = DOC.read_text(encoding="utf-8")
        ran = 0
        with tempfile.TemporaryDirectory() as folder:
            for name, content in FILE.findall(text):
                Path(folder, name).write_text(content, encoding="utf-8")
            for block in CONSOLE.findall(text):
                for command, want in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
                    if command.startswith("python3"):
                        with self.subTest(command):
                            self.assertEqual(self.run_command(command, folder), want)
                        ran += 1
        self.assertEqual(ran, 4)

    def run_command(self, command, folder):
        import os
        import pty

        ours, theirs = pty.openpty()  # a person at a terminal
        try:
            command = command.replace("python3", f"'{sys.executable}'", 1)
            done = subprocess.run(command, shell=True, cwd=folder, stdin=theirs, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, env=environment())
        finally:
            os.close(ours)
            os.close(theirs)
        return done.stdout

    def test_python_is_python(self):
        for block in PYTHON.findall(DOC.read_text(encoding="utf-8")):
            compile(block, "docs/python.md", "exec")

    def test_tasks_of_v02(self):
        import ers
        from ers.declare import TASKS

        specs = [ers.bind_callable(name="v02:words", lane="shadow", priority=1, cost_ops=2, fn=lambda c: c.get("n", 0) + c["m"])]
        for spec in specs:
            ers.task(spec.name, spec.lane, spec.priority, spec.cost_ops, spec.cost_entropy, spec.tags)(spec.fn)
        self.assertEqual(TASKS.pop("v02:words").run(ers.Context(context={"m": 5})), 5)
