"""The first difference of two values, and how it reads."""

from __future__ import annotations

from typing import Any, Iterator, Optional, Sequence

from .canonical import canonical, pointer

WIDE = 160  # characters of a value that are shown


class Missing:
    """Stands where one of two values has nothing."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = Missing()


class Difference:
    """Where two values differ first: members in the order of their names, elements in theirs.

    expected and found are what is at the pointer; MISSING when there is nothing.
    notes say what may help.
    """

    def __init__(self, path: tuple[str, ...], expected: Any, found: Any, notes: Sequence[str]) -> None:
        self.pointer = pointer(path)
        self.expected = expected
        self.found = found
        self.notes = list(notes)


def first_difference(expected: Any, found: Any) -> Optional[Difference]:
    """Compares two values that were read from canonical text; None when they are equal."""
    path: list[str] = []
    notes: list[str] = []
    while True:
        if type(expected) is list and type(found) is list:
            notes += _same_elements(pointer(tuple(path)), expected, found)
            steps = _elements(expected, found)
        elif type(expected) is dict and type(found) is dict:
            steps = _members(expected, found)
        else:
            break
        for step, x, y in steps:
            if not _equal(x, y):
                path.append(step)
                expected, found = x, y
                break
        else:
            return None
    if _equal(expected, found):
        return None
    return Difference(tuple(path), expected, found, notes + _notes(expected, found))


def _elements(a: list[Any], b: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    for i in range(max(len(a), len(b))):
        yield str(i), a[i] if i < len(a) else MISSING, b[i] if i < len(b) else MISSING


def _members(a: dict[str, Any], b: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted({*a, *b}):
        yield name, a.get(name, MISSING), b.get(name, MISSING)


def _equal(a: Any, b: Any) -> bool:
    if a is MISSING or b is MISSING:
        return a is b
    return type(a) is type(b) and canonical(a) == canonical(b)


def _same_elements(where: str, a: list[Any], b: list[Any]) -> list[str]:
    if len(a) == len(b) and a != b and sorted(map(canonical, a)) == sorted(map(canonical, b)):
        return [f"{where or 'the list'} holds the same {len(a)} elements in another order: is it made from a set? Sort it."]
    return []


def _notes(a: Any, b: Any) -> list[str]:
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        if type(a) is not type(b) and a == b:
            return [f"{show(a)} and {show(b)} are equal in Python, but {kind(a)} and {kind(b)} are written differently."]
        if a == b == 0:
            return ["0.0 and -0.0 are equal in Python, but are written differently."]
        if isinstance(a, float) and isinstance(b, float) and abs(a - b) <= 1e-9 * max(abs(a), abs(b)):
            return ["They differ in the last digits: is something added up in another order?"]
    if isinstance(a, str) and isinstance(b, str):
        same = common(a, b)
        if max(len(a), len(b)) > WIDE:
            return [f"They differ from character {same} on (of {len(a)} and {len(b)})."]
    return []


def common(a: str, b: str) -> int:
    """How many characters two texts have in common at their beginning."""
    n = min(len(a), len(b))
    return next((i for i in range(n) if a[i] != b[i]), n)


def show_both(a: Any, b: Any) -> tuple[str, str]:
    """Both values as text, cut around the place where they differ."""
    if isinstance(a, str) and isinstance(b, str):
        start = common(a, b)
        if max(len(a), len(b)) > WIDE and start > WIDE // 2:
            start -= WIDE // 4
            return "…" + show(a[start:]), "…" + show(b[start:])
    return show(a), show(b)


def show(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    text = canonical(value)
    return text if len(text) <= WIDE else text[:WIDE] + "…"


def kind(value: Any) -> str:
    return "" if value is MISSING else "None" if value is None else type(value).__name__
