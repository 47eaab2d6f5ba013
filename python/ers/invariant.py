"""The gate in process: a function is called twelve times, and must come to the same."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Type, Union

from .canonical import canonical, relaxed
from .context import loads
from .difference import first_difference, kind, show, show_both
from .errors import error_text

Raises = Union[Type[BaseException], Tuple[Type[BaseException], ...]]

RUNS = 12


@dataclass(frozen=True)
class Verdict:
    """What a number of runs came to.

    hashes: SHA-256 of the canonical text of what each run returned, or of "error " and its text.
    groups: the numbers of the runs that are equal, largest group first; the first is expected.
    pointer, expected, found: the first difference of the first two groups. expected and
    found are values, or errors as text; difference.MISSING where one has nothing.
    text: all of it for people.
    """

    ok: bool
    runs: int
    hashes: List[str]
    groups: List[List[int]]
    text: str
    pointer: Optional[str] = None
    expected: Any = field(default=None, repr=False)
    found: Any = field(default=None, repr=False)

    def __bool__(self) -> bool:
        return self.ok


class Drift(AssertionError):
    """The runs are not equal; verdict says where."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__(verdict.text)


class NothingCompared(AssertionError):
    """All runs returned None, so that equal runs say nothing."""


@dataclass(frozen=True)
class Outcome:
    """What a run returned, as canonical text, or raised, as "Type: message"."""

    returned: bool
    text: str


def gate(
    fn: Callable[..., Any],
    runs: int = RUNS,
    *,
    args: Sequence[Any] = (),
    kwargs: Optional[Mapping[str, Any]] = None,
    raises: Raises = (),
) -> Verdict:
    """Calls fn so many times and raises Drift, with the first difference, unless all are equal.

        ers.gate(lambda: oracle.signal("some text"))
        ers.gate(oracle.signal, args=["some text"])

    fn gets a deep copy of args and kwargs in each run. What it returns is compared by
    canonical text (see ers.canonical): 1, 1.0 and True differ. What it raises is compared by
    type and message. Errors alone are no success: when all runs raise alike, that error
    is raised, unless raises names its type. When all return None there is nothing to
    compare, and NothingCompared is raised. NotCanonical says which value cannot be compared.

    The runs share this process. What they leave in modules and caches is seen by those
    behind them, which is a drift that the gate finds. What is the same in one process, such
    as the order of a set of strings, it cannot find: `ers run` and `ers try` can.
    """
    __tracebackhide__ = True
    verdict = judge(fn, runs, args=args, kwargs=kwargs, raises=raises)
    if not verdict.ok:
        raise Drift(verdict)
    return verdict


def judge(
    fn: Callable[..., Any],
    runs: int = RUNS,
    *,
    args: Sequence[Any] = (),
    kwargs: Optional[Mapping[str, Any]] = None,
    raises: Raises = (),
) -> Verdict:
    """As gate, but returns the verdict when runs differ too."""
    if isinstance(runs, bool) or not isinstance(runs, int) or runs < 2:
        raise ValueError(f"runs is {runs!r}: it takes at least 2 to compare")
    outcomes: List[Outcome] = []
    first: Optional[BaseException] = None
    for _ in range(runs):
        try:
            value = fn(*copy.deepcopy(tuple(args)), **copy.deepcopy(dict(kwargs or {})))
        except (Exception, SystemExit) as e:
            if isinstance(e, MemoryError):
                raise
            first = first or e
            outcomes.append(Outcome(False, error_text(e)))
            continue
        outcomes.append(Outcome(True, canonical(value)))
    groups = group(outcomes)
    if len(groups) == 1:
        if first is not None and not isinstance(first, raises):
            raise first
        if outcomes[0] == Outcome(True, "null"):
            raise NothingCompared(f"{name_of(fn)} returned None in all {runs} runs: return what must be the same")
    return explain(name_of(fn), outcomes, groups)


def group(outcomes: List[Outcome]) -> List[List[int]]:
    """The runs by outcome, largest group first; of equal ones the one with the first run."""
    runs: Dict[Outcome, List[int]] = {}
    for run, outcome in enumerate(outcomes):
        runs.setdefault(outcome, []).append(run)
    return sorted(runs.values(), key=lambda group: (-len(group), group[0]))


def explain(name: str, outcomes: List[Outcome], groups: List[List[int]]) -> Verdict:
    hashes = [hashlib.sha256(f"{'' if o.returned else 'error '}{o.text}".encode()).hexdigest() for o in outcomes]
    if len(groups) == 1:
        text = f"{name}: all {len(outcomes)} runs are equal"
        return Verdict(True, len(outcomes), hashes, groups, text)
    a, b = outcomes[groups[0][0]], outcomes[groups[1][0]]
    pointer: Optional[str] = None
    notes: List[str] = []
    if a.returned and b.returned:
        found = relaxed(first_difference, loads(a.text), loads(b.text))
        pointer, notes = found.pointer, found.notes
        x, y = found.expected, found.found
        shown = [f"{s}  ({kind(v)})" if kind(v) else s for s, v in zip(show_both(x, y), (x, y))]
    else:
        x, y = (loads(o.text) if o.returned else o.text for o in (a, b))
        shown = [f"returned {show(v)}" if o.returned else f"raised {v}" for o, v in ((a, x), (b, y))]
    place = f" at {pointer}" if pointer else ""
    lines = [f"{name}: {_who(groups, len(outcomes))}{place}"]
    for label, runs, value in (("expected", groups[0], shown[0]), ("found", groups[1], shown[1])):
        lines.append(f"  {label:<9} {value}  in {numbers(runs)}")
    lines += [f"  {note}" for note in notes]
    if len(groups) > 2:
        more = ["…"] if len(groups) > 6 else []
        lines.append("  equal are " + "; ".join([numbers(g) for g in groups[:6]] + more))
    return Verdict(False, len(outcomes), hashes, groups, "\n".join(lines), pointer, x, y)


def _who(groups: List[List[int]], runs: int) -> str:
    """Which runs differ from which."""
    differ = "differs" if len(groups[1]) == 1 else "differ"
    if len(groups) > 2:
        return f"{runs} runs come to {len(groups)} different outcomes, {numbers(groups[1])} {differ} from {numbers(groups[0])}"
    if len(groups[0]) == len(groups[1]):
        return f"the runs disagree, {len(groups[0])} against {len(groups[1])}"
    return f"{numbers(groups[1])} {differ} from the other {len(groups[0])}"


def numbers(runs: Sequence[int]) -> str:
    """run 7; runs 0-6 and 8-11."""
    ranges: List[List[int]] = []
    for run in runs:
        if ranges and run == ranges[-1][1] + 1:
            ranges[-1][1] = run
        else:
            ranges.append([run, run])
    parts = [str(a) if a == b else f"{a}-{b}" for a, b in ranges]
    if len(parts) > 1:
        parts[-2:] = [f"{parts[-2]} and {parts[-1]}"]
    return ("run " if len(runs) == 1 else "runs ") + ", ".join(parts)


def name_of(fn: Callable[..., Any]) -> str:
    return getattr(fn, "__qualname__", None) or type(fn).__name__


class InvariantMixin:
    """For unittest: class TestOracle(InvariantMixin, unittest.TestCase)."""

    def assertInvariant(
        self,
        fn: Callable[..., Any],
        runs: int = RUNS,
        *,
        args: Sequence[Any] = (),
        kwargs: Optional[Mapping[str, Any]] = None,
        raises: Raises = (),
    ) -> Verdict:
        """Fails unless fn comes to the same in all runs; see ers.gate."""
        verdict = judge(fn, runs, args=args, kwargs=kwargs, raises=raises)
        if not verdict.ok:
            failure: Type[Exception] = getattr(self, "failureException", AssertionError)
            raise failure(verdict.text)
        return verdict
