"""What a task is shown: the context of the tick and the results before it."""

from __future__ import annotations

import json

from .canonical import SCALARS, canonical, relaxed
from .readonly import ReadOnly, ReadOnlyDict, freeze, refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from builtins import property as shown
    from typing import Any, Callable, Iterator, Mapping, NoReturn, Optional, Union
else:

    class shown(property):
        """A property that says why it cannot be set."""

        def __set__(self, owner: object, value: object) -> NoReturn:
            raise ReadOnly(f"{type(owner).__name__}.{self.fget.__name__} is read-only: return a value of your own")


_loads = json.JSONDecoder().raw_decode
_write = refuse("the context", "a copy, as in dict(ctx.context)")


def loads(text: str) -> Any:
    """Reads canonical JSON, however deep it is and however long its integers are."""
    try:
        value, end = _loads(text)
    except (RecursionError, ValueError):
        value, end = relaxed(_loads, text)
    if text[end:].strip():
        raise ValueError("more follows after the JSON value")
    return value


class Result:
    """What a task came to: .status, .value, .error. Read-only.

    status is "ok", "error", "not_computable" or "skipped_budget"; value is None unless
    ok, and error "" unless error or not_computable. A value is seen in its canonical
    form: tuples are lists, dicts are sorted by key.
    """

    __slots__ = ("_status", "_error", "_lane", "_value", "_raw")

    def __init__(self, status: str, error: str, lane: str, value: Any, text: Optional[str] = None) -> None:
        self._status = status
        self._error = error
        self._lane = lane
        if type(value) in SCALARS:
            self._value = value
            self._raw: Any = None
        else:  # made at the first look: most values nobody looks at
            self._value = None
            self._raw = value if text is None else text

    @shown
    def status(self) -> str:
        return self._status

    @shown
    def error(self) -> str:
        return self._error

    @shown
    def lane(self) -> str:
        return self._lane

    @shown
    def value(self) -> Any:
        if self._raw is not None:
            raw = loads(self._raw) if type(self._raw) is str else self._raw
            self._value, self._raw = relaxed(freeze, raw), None
        return self._value


    def to_json(self) -> dict[str, Any]:
        return {"status": self._status, "value": self.value, "error": self._error}

    def __repr__(self) -> str:
        if self._status == "ok":
            return f"<ok: {self.value!r}>"
        return f"<{self._status}: {self._error}>" if self._error else f"<{self._status}>"


class Context:
    """The one argument of a task. Everything that it shows is read-only.

    ctx.tick      the number of the tick
    ctx.context   the tick's context, a dict; ctx["key"] and ctx.get("key") read from it
    ctx.results   the results of the tasks that ran before in this tick, by name
    ctx.previous  the results of the forecast tasks in the tick before, by name

    In a test of your own make one: Context(context={"text": "…"}, results={"a": 1}).
    Results are then values, or Result objects.
    """

    __slots__ = ("_tick", "_context", "_frozen", "_results", "_previous", "_content")

    def __init__(
        self,
        tick: int = 0,
        context: Optional[Mapping[str, Any]] = None,
        results: Optional[Mapping[str, Any]] = None,
        previous: Optional[Mapping[str, Any]] = None,
        content: Optional[Callable[[str], bytes]] = None,
    ) -> None:
        self._tick = tick
        self._context: Any = loads(canonical({} if context is None else dict(context)))
        self._frozen: Any = None
        self._results = results_of(results)
        self._previous = results_of(previous)
        self._content = content

    @classmethod
    def _shared(
        cls, tick: int, context: Any, results: ReadOnlyDict, previous: ReadOnlyDict, content: Callable[[str], bytes]
    ) -> Context:
        """The context of a tick, over what the worker holds, without copies."""
        self = cls.__new__(cls)
        self._tick = tick
        self._context = context
        self._frozen = None
        self._results = results
        self._previous = previous
        self._content = content
        return self

    @shown
    def tick(self) -> int:
        return self._tick

    @shown
    def context(self) -> dict[str, Any]:
        if self._frozen is None:
            self._frozen = relaxed(freeze, self._context)
        frozen: dict[str, Any] = self._frozen
        return frozen

    @shown
    def results(self) -> dict[str, Result]:
        return self._results

    @shown
    def previous(self) -> dict[str, Result]:
        return self._previous


    def content(self, of: Union[str, Mapping[str, Any]]) -> bytes:
        """The bytes of what a value names: a SHA-256, or {"sha256": …, "size": …, "name": …}.

        Files and outputs too large for a value are kept apart, and named like this.
        """
        sha256 = of if isinstance(of, str) else of.get("sha256")
        if not isinstance(sha256, str) or len(sha256) != 64 or sha256.strip("0123456789abcdef"):
            raise ValueError(f"content({of!r:.100}): want a SHA-256 in lower-case hex, or a dict that has it as sha256")
        if self._content is None:
            raise LookupError("no content here: this context was made by hand, without content=")
        return self._content(sha256)

    def __getitem__(self, key: str) -> Any:
        return self.context[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self.context.get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self.context

    def __iter__(self) -> Iterator[str]:
        return iter(self.context)

    def __len__(self) -> int:
        return len(self.context)

    def keys(self) -> Any:
        return self.context.keys()

    __setitem__ = __delitem__ = update = setdefault = pop = _write

    def __repr__(self) -> str:
        return f"<context of tick {self._tick}: {', '.join(self.context) or 'empty'}>"


def results_of(values: Optional[Mapping[str, Any]]) -> ReadOnlyDict:
    """Results for a test: a value stands for a task that is ok."""
    made = ReadOnlyDict()
    for name, value in (values or {}).items():
        if not isinstance(value, Result):
            value = Result("ok", "", "forecast", value, canonical(value))
        dict.__setitem__(made, name, value)
    return made
