"""Declaring tasks: the decorator @task, and the tasks that it has met."""

from __future__ import annotations

from .canonical import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

LANES = ("forecast", "shadow")
MAX_COST = (1 << 63) - 1


class Task:
    """A declared task: its function and what ERS must know of it beforehand."""

    __slots__ = ("name", "lane", "priority", "ops", "entropy", "tags", "run", "place")

    def __init__(
        self, name: str, lane: str, priority: int, ops: int, entropy: int, tags: Iterable[str], run: Callable[[Any], Any]
    ) -> None:
        if not isinstance(name, str) or not name:
            raise ValueError(f"@task({name!r}): want a name, as in @task(\"oracle:signal\")")
        where = f"task {name!r}"
        if lane not in LANES:
            raise ValueError(f"{where}: the lane is {lane!r}: want \"forecast\" or \"shadow\"")
        _integer(where, "priority", priority, -MAX_COST - 1)
        _integer(where, "ops", ops, 0)
        _integer(where, "entropy", entropy, 0)
        if isinstance(tags, str) or not all(isinstance(tag, str) for tag in tags):
            raise ValueError(f"{where}: tags is {tags!r}: want a list of strings")
        if not callable(run):
            raise ValueError(f"{where}: {run!r} is not a function")
        self.name, self.lane, self.priority = name, lane, priority
        self.ops, self.entropy, self.tags, self.run = ops, entropy, list(tags), run
        self.place = _place(where, run)
        canonical([name, *self.tags])  # what is no Unicode is refused here, with its place

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "lane": self.lane,
            "priority": self.priority,
            "cost": {"ops": self.ops, "entropy": self.entropy},
            "tags": self.tags,
        }


TASKS: dict[str, Task] = {}  # by name, in the order of declaration


def task(
    name: str, lane: str = "forecast", priority: int = 0, ops: int = 0, entropy: int = 0, tags: Iterable[str] = ()
) -> Callable[[F], F]:
    """Declares the function below it as a task; the function stays as it is.

        @task("oracle:signal", ops=10, tags=["oracle"])
        def signal(ctx):
            return {"words": len(ctx["text"].split())}

    In a tick tasks run by lane (forecast, then shadow), priority (lower first) and name.
    ops and entropy are what it spends of its lane's budget; without enough it is skipped.
    Raises ValueError for what cannot be a task, and for a name that is taken.
    """
    if callable(name):
        raise ValueError("@task needs a name, as in @task(\"oracle:signal\")")

    def declare(run: F) -> F:
        declared = Task(name, lane, priority, ops, entropy, tags, run)
        before = TASKS.get(name)
        if before is not None and before.place != declared.place:
            raise ValueError(f"task {name!r} is declared twice: {before.place} and {declared.place}")
        TASKS[name] = declared
        return run

    return declare


def _integer(where: str, what: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{where}: {what} is {value!r}: want an integer")
    if not least <= value <= MAX_COST:
        raise ValueError(f"{where}: {what} is {value}: want at least {least}, at most {MAX_COST}")


def _place(where: str, run: Any) -> str:
    """Where the function is written. A module that is loaded twice declares the same task again."""
    code = getattr(getattr(run, "__wrapped__", run), "__code__", None)
    if code is None:
        return f"{type(run).__name__} {id(run)}"
    if code.co_flags & 0x20:  # CO_GENERATOR
        raise ValueError(f"{where}: the function yields: want one that returns its value")
    if code.co_flags & (0x80 | 0x200):  # CO_COROUTINE, CO_ASYNC_GENERATOR
        raise ValueError(f"{where}: the function is async: call asyncio.run(…) in an ordinary one")
    return f"{code.co_filename}:{code.co_firstlineno}"
