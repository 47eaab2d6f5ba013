"""The values of ERS v0.2: budgets, tasks, results and the events of a trace."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Callable, Dict, Literal, Optional, Tuple

Lane = Literal["forecast", "shadow"]
Status = Literal["ok", "skipped_budget", "error", "not_computable"]


class _Fields:
    """Lets ers.gate compare what a tick of the scheduler came to."""

    def to_json(self) -> Dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Budget(_Fields):
    """What a lane may spend in one tick."""

    ops: int
    entropy: int = 0

    def can_afford(self, ops: int, entropy: int = 0) -> bool:
        return self.ops >= ops and self.entropy >= entropy


@dataclass(frozen=True)
class TaskSpec:
    """A task: fn(context) returns its value. Forecast tasks run first, lower priorities before higher."""

    name: str
    lane: Lane
    priority: int
    cost_ops: int
    cost_entropy: int = 0
    fn: Callable[[Dict[str, Any]], Any] = field(default=lambda context: None, repr=False)
    tags: Tuple[str, ...] = ()


@dataclass(frozen=True)
class TraceEvent(_Fields):
    """One turn of a task. The costs stand here even when the task was skipped."""

    tick: int
    task: str
    lane: Lane
    status: Status
    cost_ops: int
    cost_entropy: int
    meta: Dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TaskResult(_Fields):
    """What a task came to. Costs are what was spent: 0 when the task was skipped."""

    name: str
    lane: Lane
    status: Status
    value: Any = None
    error: Optional[str] = None
    cost_ops: int = 0
    cost_entropy: int = 0
