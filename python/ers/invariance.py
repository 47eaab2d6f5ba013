"""The gate of ERS v0.2.

ers.gate does better in these ways, which here would change what v0.2 returns: it
compares what functions return, and not the trace alone; it explains every difference of
the bytes, also 1 against 1.0 and 0.0 against -0.0, for which the divergence is empty
here; it groups the runs and names the odd ones, where here run 0 is always taken to be
right; and it refuses fewer than two runs, where one always passes here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Tuple

from .trace import canonicalize_trace, trace_hash_sha256
from .types import TraceEvent


@dataclass(frozen=True)
class InvarianceResult:
    """expected_hash is that of run 0; first_mismatch_index the first run that has another."""

    ok: bool
    expected_hash: str
    hashes: List[str]
    first_mismatch_index: Optional[int] = None
    divergence: Optional[Dict[str, Any]] = None


def dozen_run_invariance_gate(
    *, make_trace: Callable[[int], List[TraceEvent]], runs: int = 12
) -> InvarianceResult:
    """Calls make_trace(0) to make_trace(runs - 1) and compares the hashes of the traces."""
    hashes, payloads = [], []
    for run in range(runs):
        trace = make_trace(run)
        hashes.append(trace_hash_sha256(trace))
        payloads.append(canonicalize_trace(trace))
    if not hashes:
        raise IndexError(f"no runs to compare: runs is {runs}")
    for run, found in enumerate(hashes):
        if found != hashes[0]:
            index, diff = _divergence(payloads[0]["events"], payloads[run]["events"])
            return InvarianceResult(False, hashes[0], hashes, run, {"event_index": index, "diff": diff})
    return InvarianceResult(True, hashes[0], hashes)


def _divergence(a: List[Any], b: List[Any]) -> Tuple[Optional[int], Optional[Dict[str, Any]]]:
    """The first event in which two traces differ, as Python's == sees it."""
    for index, (x, y) in enumerate(zip(a, b)):
        if x != y:
            return index, {"a": x, "b": y}
    if len(a) == len(b):
        return None, None
    return min(len(a), len(b)), {"a": {"_len": len(a)}, "b": {"_len": len(b)}}
