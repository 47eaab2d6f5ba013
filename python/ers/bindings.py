"""Making tasks of functions, as in ERS v0.2."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

from .types import Lane, TaskSpec


def bind_callable(
    *,
    name: str,
    lane: Lane,
    priority: int,
    cost_ops: int,
    cost_entropy: int = 0,
    fn: Callable[[Dict[str, Any]], Any],
    tags: Tuple[str, ...] = (),
) -> TaskSpec:
    """A task of a function of the context."""
    return TaskSpec(name, lane, priority, cost_ops, cost_entropy, fn, tags)
