"""Dicts and lists that cannot be written to.

What a task is shown is shared with the tasks behind it. One that writes there would
change what they see, and leave no mark in the record.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, NoReturn, SupportsIndex


class ReadOnly(TypeError):
    """Something was to be written to that tasks can only read."""


def refuse(what: str, instead: str) -> Callable[..., NoReturn]:
    def write(*_: Any, **__: Any) -> NoReturn:
        raise ReadOnly(f"{what} is read-only, since later tasks see it too: change {instead}")

    return write


_dict = refuse("this dict", "a copy, as in dict(d) or copy.deepcopy(d)")
_list = refuse("this list", "a copy, as in list(l) or sorted(l)")


class ReadOnlyDict(dict):  # type: ignore[type-arg]
    """A dict in every other respect: json.dumps, {**d} and d | e work. Copies can be written to."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = _dict
    clear = pop = popitem = setdefault = update = _dict

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, _: Any) -> Any:
        return thaw(self)

    def __reduce_ex__(self, _: SupportsIndex) -> tuple[Any, ...]:
        return dict, (dict(self),)


class ReadOnlyList(list):  # type: ignore[type-arg]
    """A list in every other respect. Copies can be written to."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _list
    append = clear = extend = insert = pop = remove = reverse = sort = _list

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, _: Any) -> Any:
        return thaw(self)

    def __reduce_ex__(self, _: SupportsIndex) -> tuple[Any, ...]:
        return list, (list(self),)


def freeze(value: Any) -> Any:
    """A read-only copy of what json.loads returned, down to the last list."""
    kind = type(value)
    if kind is dict:
        return ReadOnlyDict(zip(value, map(freeze, value.values())))
    if kind is list:
        return ReadOnlyList(map(freeze, value))
    return value


def thaw(value: Any) -> Any:
    """The opposite: a copy that can be written to."""
    if isinstance(value, dict):
        return {k: thaw(v) for k, v in value.items()}
    if isinstance(value, list):
        return [thaw(v) for v in value]
    return value
