"""What the tests share: the kit on the path, files of the repository, a scripted ERS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Iterator, Optional

KIT = Path(__file__).resolve().parent.parent
ROOT = KIT.parent
if str(KIT) not in sys.path:
    sys.path.insert(0, str(KIT))

HELLO = {
    "limits": {"error": 4096, "message": 16 << 20, "value": 256 << 10},
    "protocol": "ers-worker/1",
    "type": "hello",
}


def vectors(path: str) -> Iterator[dict[str, Any]]:
    """The lines of a file of vectors, which stand in the repository beside the kit."""
    with open(ROOT / path, encoding="utf-8") as f:
        for line in f:
            yield json.loads(line)


def dumps(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(KIT), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "", **more}


class Session:
    """A conversation with a worker: a real process that runs the program given as text."""

    def __init__(self, program: str, *, mark: bool = True, command: Optional[list[str]] = None, **env: str) -> None:
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name, "tasks.py")
        if "ers.serve()" not in program:
            program += "\nif __name__ == '__main__': ers.serve()\n"
        file.write_text("import ers\n" + program, encoding="utf-8")
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8")
        if mark:
            env["ERS_WORKER"] = "ers-worker/1"
        self.process = subprocess.Popen(
            command or [sys.executable, "tasks.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            cwd=self.folder.name,
            env=environment(**env),
            encoding="utf-8",
        )

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        self.log.close()
        self.folder.cleanup()

    def send(self, message: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write((message if isinstance(message, str) else dumps(message)) + "\n")
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.endswith("\n"):
            raise AssertionError(f"the worker ended with {self.process.wait()}: {self.logged()}")
        return json.loads(line)

    def hello(self, **change: Any) -> dict[str, Any]:
        self.send({**HELLO, **change})
        return self.receive()

    def tick(self, tick: int, *tasks: str, context: Any = None, results: Any = ()) -> list[dict[str, Any]]:
        self.send({"context": context or {}, "results": list(results), "tasks": tasks, "tick": tick, "type": "tick"})
        return [self.receive() for _ in tasks]

    def end(self) -> tuple[int, str]:
        """Closes the worker's input. Returns its exit status and its log; it must say nothing more."""
        rest, _ = self.process.communicate()
        if rest:
            raise AssertionError(f"the worker went on: {rest}")
        return self.process.returncode, self.logged()

    def logged(self) -> str:
        self.log.seek(0)
        return self.log.read()


def told(task: str, value: Any = None, status: str = "ok", error: str = "", lane: str = "forecast") -> dict[str, Any]:
    """A result as ERS tells it."""
    return {"error": error, "lane": lane, "status": status, "task": task, "value": value}
