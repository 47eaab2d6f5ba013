"""Serving the declared tasks to ERS, protocol ers-worker/1."""

from __future__ import annotations

import _thread
import os
import sys
from time import monotonic

from . import channel
from .canonical import MAX_VALUE, NotCanonical, canonical
from .context import Context, Result, loads
from .declare import TASKS
from .errors import MAX_ERROR, NotComputable, error_text, reason_text
from .readonly import ReadOnlyDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping, NoReturn

    from .declare import Task

PROTOCOL = "ers-worker/1"
KIT = "python 1"

LATE = 0.1  # seconds after which an answer no longer waits for those behind it
FULL = 64 << 10  # characters of answers that are written at once
PIECE = 4 << 20  # bytes of content asked for at once

_put = dict.__setitem__


def give_up(why: str) -> NoReturn:
    """Ends the process, whatever the program would catch: the conversation makes no sense any more."""
    print(f"ers: {why}", file=sys.stderr, flush=True)
    os._exit(1)


class Worker:
    """One conversation with ERS, which is one run (or the shadow lane of one)."""

    def __init__(self, tasks: Mapping[str, Task], lines: channel.Channel) -> None:
        self.tasks = tasks
        self.lines = lines
        self.max_value, self.max_error, self.max_message = MAX_VALUE, MAX_ERROR, 16 << 20
        self.tick = -1
        self.results = ReadOnlyDict()
        self.previous = ReadOnlyDict()
        self.context = Context()
        self.answers: list[str] = []  # not written yet
        self.asking = _thread.allocate_lock()  # held by who uses the lines; a task may have threads
        self.busy = False  # tasks are running
        self.shown: set[tuple[str, str]] = set()
        # A task, and what its answer begins with. Names are free text.
        self.known = {
            name: (task, f'{{"type":"result","task":{canonical(name)},"status":') for name, task in tasks.items()
        }

    def serve(self) -> None:
        """Answers until ERS closes its end."""
        self.hello(self.read())
        while True:
            line = self.lines.read()
            if not line:
                return
            self.row(self.parse(line))

    def read(self) -> Any:
        line = self.lines.read()
        if not line:
            give_up("the conversation ended too early")
        return self.parse(line)

    def parse(self, line: bytes) -> Any:
        try:
            message = loads(line.decode())
            if type(message) is dict:
                return message
        except ValueError:
            pass
        give_up(f"want a JSON object on one line, got {line[:200]!r}")

    def hello(self, message: dict[str, Any]) -> None:
        if message.get("type") != "hello" or message.get("protocol") != PROTOCOL:
            give_up(f"want a hello of {PROTOCOL}, got {str(message):.200}")
        limits = message.get("limits", {})
        self.max_value = limits.get("value", MAX_VALUE)
        self.max_error = limits.get("error", MAX_ERROR)
        self.max_message = limits.get("message", self.max_message)
        if not self.tasks:
            give_up('the program declares no task: write @ers.task("name") above a function')
        answer = {
            "type": "hello",
            "protocol": PROTOCOL,
            "tasks": [t.to_json() for t in self.tasks.values()],
            "numbers": ["nan", "bigint"],
            "about": about(),
        }
        self.lines.write(canonical(answer) + "\n")

    def row(self, message: dict[str, Any]) -> None:
        """Runs the tasks of one message, in order, and answers each."""
        if message.get("type") != "tick":
            give_up(f"want a tick, got {str(message):.200}")
        try:
            tick, context, results, names = (message[k] for k in ("tick", "context", "results", "tasks"))
        except KeyError as e:
            give_up(f"the tick has no {e}")
        if tick != self.tick:
            self.begin(tick, context)
        for r in results:
            _put(self.results, r["task"], Result(r["status"], r["error"], r["lane"], r["value"]))
        self.busy = True
        late = monotonic() + LATE
        for name in names:
            self.attempt(name)
            if monotonic() > late:
                with self.asking:
                    self.flush()
                late = monotonic() + LATE
        with self.asking:
            self.busy = False
            self.flush()

    def begin(self, tick: int, context: Any) -> None:
        """Begins a tick: what the forecast tasks came to is now of the tick before."""
        self.previous = ReadOnlyDict((name, r) for name, r in self.results.items() if r._lane == "forecast")
        self.results = ReadOnlyDict()
        self.tick = tick
        self.context = Context._shared(tick, context, self.results, self.previous, self.content)

    def attempt(self, name: str) -> None:
        """Calls a task and keeps its result for the tasks behind it, and as an answer.

        MemoryError and KeyboardInterrupt are no answers: they say something about the
        process, not about the task. They end it, and ERS gives the run up.
        """
        try:
            task, begin = self.known[name]
        except KeyError:
            give_up(f"no task is called {name!r}")
        try:
            value = task.run(self.context)
            text = canonical(value, self.max_value)
        except (MemoryError, KeyboardInterrupt):
            raise
        except BaseException as e:  # SystemExit too: a task that calls sys.exit() fails, the worker goes on
            self.failed(task, e)
        else:
            _put(self.results, name, Result("ok", "", task.lane, value, text))
            self.answers.append(f'{begin}"ok","value":{text}}}\n')

    def failed(self, task: Task, error: BaseException) -> None:
        if isinstance(error, NotComputable):
            status, text = "not_computable", reason_text(error, self.max_error)
        else:
            status, text = "error", error_text(error, self.max_error)
            self.show(task.name, error)
        _put(self.results, task.name, Result(status, text, task.lane, None))
        self.answers.append(f'{self.known[task.name][1]}"{status}","error":{canonical(text)}}}\n')

    def show(self, name: str, error: BaseException) -> None:
        """Writes where it happened to the log: once for a task and a kind of error."""
        kind = name, type(error).__name__
        if kind not in self.shown:
            self.shown.add(kind)
            import traceback

            print(f"ers: task {name!r} at tick {self.tick}:", file=sys.stderr)
            trace = error.__traceback__
            refused = isinstance(error, NotCanonical)  # in the kit: where is of no use
            traceback.print_exception(type(error), error, trace.tb_next if trace and not refused else None)

    def flush(self) -> None:
        if self.answers:
            lines = "".join(self.answers)
            self.answers.clear()
            self.lines.write(lines)

    def content(self, sha256: str) -> bytes:
        """Asks ERS for content, piece by piece, and checks it."""
        import base64
        import hashlib

        content, size = bytearray(), None
        length = min(PIECE, self.max_message // 2)
        with self.asking:
            if not self.busy:
                raise RuntimeError("content can be asked for while a task runs, not afterwards")
            self.flush()
            while size is None or len(content) < size:
                ask = {"type": "content", "sha256": sha256, "offset": len(content), "length": length}
                self.lines.write(canonical(ask) + "\n")
                piece = self.read()
                if piece.get("type") != "content" or piece.get("sha256") != sha256 or piece.get("offset") != len(content):
                    give_up(f"want the content of {sha256} from {len(content)} on, got {str(piece):.200}")
                size = piece["size"]
                some = base64.b64decode(piece["base64"], validate=True)
                if not some and len(content) < size:
                    give_up(f"the content of {sha256} ends at {len(content)} of {size} bytes")
                content += some
        if hashlib.sha256(content).hexdigest() != sha256:
            give_up(f"the content of {sha256} has another hash")
        return bytes(content)


def about() -> dict[str, str]:
    """What ran the tasks, recorded beside the run."""
    return {
        "kit": KIT,
        "python": f"{sys.implementation.name} {sys.version.split()[0]}",
        "executable": os.path.realpath(sys.executable or ""),
        "hash_seed": os.environ.get("PYTHONHASHSEED", "random"),
    }


def serve() -> None:
    """Serves the declared tasks to ERS over standard input and output; the last line of a program.

    Returns when ERS is done. On a terminal it says what the program is for, and returns.
    Within `python -m ers` and in the helper processes of multiprocessing it does nothing.
    """
    if loading or helper():
        return
    if channel.by_hand():
        from .byhand import explain

        explain(TASKS)
        return
    try:
        Worker(TASKS, channel.take()).serve()
    except BrokenPipeError:
        give_up("nobody reads the answers any more")


def helper() -> bool:
    """Whether multiprocessing has started this process and is importing the program once more."""
    process = sys.modules.get("multiprocessing.process")
    return process is not None and getattr(process.current_process(), "_inheriting", False)


loading = False  # python -m ers is loading a program, and serves afterwards
