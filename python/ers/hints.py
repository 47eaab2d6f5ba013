"""What a value is called, and what to return in its place."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BY_NAME = {
    "set": "it has no order of its own, return sorted(…)",
    "frozenset": "it has no order of its own, return sorted(…)",
    "bytes": "return .hex(), .decode() or base64",
    "bytearray": "return .hex(), .decode() or base64",
    "memoryview": "return .hex() or base64",
    "complex": "return [z.real, z.imag]",
    "function": "did you forget to call it?",
    "method": "did you forget to call it?",
    "builtin_function_or_method": "did you forget to call it?",
    "type": "did you forget to call it?",
    "coroutine": "run it first, with asyncio.run(…)",
    "datetime": "return .isoformat()",
    "date": "return .isoformat()",
    "time": "return .isoformat()",
    "timedelta": "return .total_seconds()",
    "Decimal": "return str(…)",
    "Fraction": "return str(…)",
    "UUID": "return str(…)",
    "mappingproxy": "return dict(…)",
}


def describe(value: Any) -> str:
    """The type of a value as a reader knows it: "a set", "a numpy.ndarray"."""
    kind = type(value)
    module = getattr(kind, "__module__", "builtins")
    name = kind.__qualname__ if module in ("builtins", "__main__") else f"{module}.{kind.__qualname__}"
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def hint(value: Any) -> str:
    """What to do about a value that has no canonical form."""
    kind = type(value)
    for base in kind.__mro__:
        if base.__name__ in _BY_NAME:
            return _BY_NAME[base.__name__]
        if base.__name__ == "Enum":
            return "return .value or .name"
        if base.__name__ == "PurePath":
            return "return .as_posix()"
    if hasattr(value, "tolist"):
        return "return .tolist()"
    if hasattr(kind, "__dataclass_fields__"):
        return "return dataclasses.asdict(…), or give the class a method to_json()"
    if hasattr(kind, "keys") and hasattr(kind, "__getitem__"):
        return "return dict(…)"
    if hasattr(kind, "__iter__"):
        return "return list(…)"
    return "give its class a method to_json() that returns what it is made of"
