"""What a worker says when a person starts it on a terminal."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping

    from .declare import Task


def explain(tasks: Mapping[str, Task]) -> None:
    program = os.path.basename(sys.argv[0]) or "tasks.py"
    command = f"[python3, -m, ers, {sys.argv[1]}]" if program == "__main__.py" and len(sys.argv) > 1 else f"[python3, {program}]"
    lines = [f"These are {len(tasks)} tasks for ERS, which starts this program and talks to it:" if tasks
             else 'No tasks yet: write @ers.task("name") above a function.']
    for t in sorted(tasks.values(), key=lambda t: (t.lane, t.priority, t.name)):
        lines.append(f"  {t.lane:<8}  {t.name}  ({t.ops} ops, {t.entropy} entropy)")
    lines += [
        "",
        "Name it in a pipeline file, pipeline.yaml,",
        f'  workers: {{mine: {{command: {command}, files: ["*.py", "ers/**"]}}}}',
        "  tasks: {from: mine}",
        "and run them twelve times:  ers run -f pipeline.yaml",
    ]
    print("\n".join(lines), file=sys.stderr)
