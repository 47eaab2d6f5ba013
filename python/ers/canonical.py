"""The canonical text of a value, scheme ers-c14n/1.

It is what json.dumps(x, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
writes for None, bool, int, float (NaN and the infinities too), str, lists and dicts with
strings as keys. Tuples are lists. An object with a method to_json() is what that returns.
Anything else is refused: a set has no order, bytes are no text, {1: 2} would become
{"1": 2} unseen.

Two values are equal when their canonical texts are: 1, 1.0 and True are three values,
0.0 and -0.0 two.
"""

from __future__ import annotations

import json
import json.encoder
import sys

from .readonly import ReadOnlyDict, ReadOnlyList

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

SCHEME = "ers-c14n/1"
MAX_DEPTH = 1000  # how deep lists and dicts may be nested
MAX_VALUE = 256 << 10  # bytes of a value

SCALARS = frozenset({type(None), bool, int, float, str})
LISTS = frozenset({list, tuple, ReadOnlyList})
DICTS = frozenset({dict, ReadOnlyDict})


class NotCanonical(TypeError):
    """A value that has no canonical form; the text says which and where."""

    def __init__(self, pointer: str, why: str) -> None:
        self.pointer = pointer
        if len(pointer) > 120:
            pointer = pointer[:119] + "…"
        super().__init__(f"at {pointer}: {why}" if pointer else why)


class TooLarge(NotCanonical):
    def __init__(self, limit: int) -> None:
        super().__init__("", f"the value takes more than the {limit} canonical bytes that are allowed")


def canonical(value: Any, limit: int = 0) -> str:
    """Returns the canonical text. A text of more than limit bytes is refused; 0 is no limit.

    Raises NotCanonical.
    """
    write = _ASCII.get(type(value))
    try:
        if write is not None:
            text = write(value)
            if limit and len(text) > limit:
                raise TooLarge(limit)
            return text
        if type(value) is str:
            text = _string_text(value)
        else:
            text = _encode(value if _is_plain(value, limit) else _plainly(value, limit))
    except (RecursionError, ValueError):  # nested deep; an integer of many digits
        text = relaxed(_encode, _plainly(value, limit))
    if text.isascii():
        size = len(text)
    else:
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            _plainly(value, limit)  # finds the place, and raises
            raise
    if limit and size > limit:
        raise TooLarge(limit)
    return text


def relaxed(do: Callable[..., Any], *args: Any) -> Any:
    """Calls do(*args) without the interpreter's own bounds on depth and digits."""
    depth = sys.getrecursionlimit()
    digits = getattr(sys, "get_int_max_str_digits", lambda: 0)()
    sys.setrecursionlimit(depth + 8 * MAX_DEPTH)
    if digits:
        sys.set_int_max_str_digits(0)
    try:
        return do(*args)
    finally:
        sys.setrecursionlimit(depth)
        if digits:
            sys.set_int_max_str_digits(digits)


def _is_plain(value: Any, limit: int) -> bool:
    """Whether a list or dict holds exactly what the encoder writes as it should be.

    Most values do, and this is much faster than to look at each element in Python.
    """
    level, depth, count = [value], 0, 0
    while level:
        deeper: list[Any] = []
        for v in level:
            kind = type(v)
            if kind in DICTS:
                try:
                    "".join(v)  # a key that is not a string is an error
                except TypeError:
                    return False
                items = v.values()
            elif kind in LISTS:
                items = v
            else:
                return False
            count += len(items)
            if not SCALARS.issuperset(map(type, items)):
                deeper += [x for x in items if type(x) not in SCALARS]
        if limit and count > limit:
            raise TooLarge(limit)
        depth += 1
        if depth > MAX_DEPTH:
            return False
        level = deeper
    return True


def _plainly(value: Any, limit: int) -> Any:
    return relaxed(_Plain(limit).convert, value, (), 0)


class _Plain:
    """Makes plain lists, dicts and scalars of one value, or says what it cannot."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.count = 0

    def convert(self, value: Any, path: tuple[str, ...], depth: int) -> Any:
        self.count += 1
        if self.limit and self.count > self.limit:
            raise TooLarge(self.limit)
        if depth > MAX_DEPTH or depth == MAX_DEPTH and isinstance(value, (list, tuple, dict)):
            raise NotCanonical(pointer(path[:8]) + "/…", f"nested deeper than {MAX_DEPTH} levels: is there a cycle?")
        if value is None or isinstance(value, bool):
            return value
        if type(value) not in SCALARS and not isinstance(value, type):
            to_json = getattr(value, "to_json", None)
            if callable(to_json):
                return self.convert(to_json(), path, depth + 1)
        if isinstance(value, str):
            return self.text(value, path)
        if isinstance(value, int):
            return int.__int__(value)
        if isinstance(value, float):
            return float.__float__(value)
        if isinstance(value, (list, tuple)):
            return [self.convert(v, (*path, str(i)), depth + 1) for i, v in enumerate(value)]
        if isinstance(value, dict):
            return self.members(value, path, depth)
        from .hints import describe, hint

        raise NotCanonical(pointer(path), f"{describe(value)} has no canonical form: {hint(value)}")

    def members(self, value: dict[Any, Any], path: tuple[str, ...], depth: int) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for key, v in value.items():
            if not isinstance(key, str):
                from .hints import describe

                raise NotCanonical(pointer(path), f"the key {key!r:.60} is not a string but {describe(key)}: write str(…)")
            name = self.text(key, path)
            if name in plain:
                raise NotCanonical(pointer(path), f"the key {name!r:.60} is there twice")
            plain[name] = self.convert(v, (*path, name), depth + 1)
        return plain

    def text(self, value: str, path: tuple[str, ...]) -> str:
        value = str.__str__(value)
        try:
            value.encode()
        except UnicodeEncodeError as e:
            at = f"\\u{ord(value[e.start]):04x}"
            raise NotCanonical(pointer(path), f"the text holds {at}, half of a pair, which is not a character") from None
        return value


def pointer(path: tuple[str, ...]) -> str:
    """The JSON pointer (RFC 6901) of a path."""
    text = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in path)
    return text.encode(errors="backslashreplace").decode()


def _float_text(value: float) -> str:
    if value - value == 0:
        return float.__repr__(value)
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def _encoder() -> Callable[[Any], str]:
    """The encoder of the standard library, made once rather than for each value."""
    slow = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    sample = {"b": [1, 1.5, None, True], "a": "é\n"}
    try:
        fast = make(None, slow.default, _string_text, None, ":", ",", True, False, True)
        join = "".join

        def encode(value: Any) -> str:
            return join(fast(value, 0))

        if encode(sample) == slow.encode(sample):
            return encode
    except TypeError:  # an interpreter that has none, or another one
        pass
    return slow.encode


_string_text: Callable[[str], str] = getattr(json.encoder, "encode_basestring")
# What is ASCII in any case.
_ASCII: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    float: _float_text,
}
_encode = _encoder()
