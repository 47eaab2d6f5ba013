"""python -m ers MODULE: serves the tasks of a module, or of a .py file, to ERS."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys

from . import channel, worker

USAGE = """\
usage: python -m ers MODULE

Serves the tasks that MODULE declares with @ers.task(…) to ERS. MODULE is the name of a
module (package.tasks) or the path of a file (tasks.py). ERS starts this by itself:

  workers: {mine: {command: [python3, -m, ers, tasks.py], files: [tasks.py, "ers/**"]}}
  tasks: {from: mine}
"""


def load(module: str) -> None:
    """Imports a module by its name or path. A file's folder is searched for what it imports."""
    if not module.endswith(".py") and os.sep not in module:
        importlib.import_module(module)
        return
    if not os.path.isfile(module):
        raise SystemExit(f"ers: there is no file {module}")
    sys.path.insert(0, os.path.dirname(os.path.abspath(module)))
    name = os.path.splitext(os.path.basename(module))[0]
    spec = importlib.util.spec_from_file_location(name, module)
    if spec is None or spec.loader is None:
        raise SystemExit(f"ers: {module} is not a Python file")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    spec.loader.exec_module(loaded)


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        asked = sys.argv[1:] in (["-h"], ["--help"])
        print(USAGE, end="", file=sys.stdout if asked else sys.stderr)
        raise SystemExit(0 if asked else 2)
    if not channel.by_hand():
        channel.take()
    worker.loading = True
    load(sys.argv[1])
    worker.loading = False
    worker.serve()


if __name__ == "__main__":
    main()
