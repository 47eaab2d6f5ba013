"""Tasks in Python for ERS, and its gate in process.

    import ers

    @ers.task("words:count", ops=10)
    def count(ctx):
        return {"words": len(ctx["text"].split())}

    if __name__ == "__main__":
        ers.serve()

Start at task, Context (what ctx is), NotComputable and serve. gate and judge run a
function twelve times in this process and explain the first difference. Budget,
DeterministicScheduler and the names with them are those of ERS v0.2.
"""

import os as _os

from . import channel as _channel
from .canonical import NotCanonical, canonical
from .context import Context, Result
from .declare import task
from .errors import NotComputable
from .readonly import ReadOnly
from .worker import serve

# A program that prints before it serves must not print into the protocol.
if _channel.MARK in _os.environ:
    _channel.take()

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .bindings import bind_callable
    from .invariance import InvarianceResult, dozen_run_invariance_gate
    from .invariant import Drift, InvariantMixin, NothingCompared, Verdict, gate, judge
    from .scheduler import DeterministicScheduler
    from .trace import canonicalize_trace, trace_hash_sha256, trace_json_bytes
    from .types import Budget, TaskResult, TaskSpec, TraceEvent

# What a worker does not need is imported when it is asked for: a worker starts faster.
_LATER = {
    **dict.fromkeys(("Budget", "TaskSpec", "TaskResult", "TraceEvent"), "types"),
    **dict.fromkeys(("canonicalize_trace", "trace_json_bytes", "trace_hash_sha256"), "trace"),
    **dict.fromkeys(("InvarianceResult", "dozen_run_invariance_gate"), "invariance"),
    **dict.fromkeys(("gate", "judge", "Drift", "NothingCompared", "Verdict", "InvariantMixin"), "invariant"),
    "DeterministicScheduler": "scheduler",
    "bind_callable": "bindings",
}

__all__ = [
    "Budget",
    "Context",
    "DeterministicScheduler",
    "Drift",
    "InvarianceResult",
    "InvariantMixin",
    "NotCanonical",
    "NotComputable",
    "NothingCompared",
    "ReadOnly",
    "Result",
    "TaskResult",
    "TaskSpec",
    "TraceEvent",
    "Verdict",
    "bind_callable",
    "canonical",
    "canonicalize_trace",
    "dozen_run_invariance_gate",
    "gate",
    "judge",
    "serve",
    "task",
    "trace_hash_sha256",
    "trace_json_bytes",
]


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module 'ers' has no attribute {name!r}")
    import importlib

    value: object = getattr(importlib.import_module("." + _LATER[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> "list[str]":
    return sorted({*globals(), *__all__})
