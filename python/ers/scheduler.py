"""The scheduler of ERS v0.2: same order, same budgets, same results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Set, Tuple

from .types import Budget, TaskResult, TaskSpec, TraceEvent


@dataclass
class DeterministicScheduler:
    """Runs its tasks in ticks, by (lane, priority, name).

    As in v0.2 all tasks are handed the caller's own context, which each can change for
    those behind it. Tasks declared with ers.task and run by ERS see copies.
    """

    tasks: List[TaskSpec] = field(default_factory=list)
    _names: Set[str] = field(default_factory=set, repr=False, compare=False)

    def add(self, task: TaskSpec) -> None:
        """Adds a task. Raises ValueError when the name is taken."""
        if task.name in self._names:
            raise ValueError(f"Duplicate task name: {task.name}")
        self._names.add(task.name)
        self.tasks.append(task)

    def run_tick(
        self, tick: int, budget_forecast: Budget, budget_shadow: Budget, context: Dict[str, Any]
    ) -> Dict[str, Any]:
        """Runs every task once, as far as its lane's budget goes.

        Returns {"tick": tick, "results": {name: TaskResult}, "trace": [TraceEvent, …],
        "remaining": {"forecast": Budget, "shadow": Budget}}.
        """
        purses = {True: _Purse(budget_forecast), False: _Purse(budget_shadow)}
        results: Dict[str, TaskResult] = {}
        trace: List[TraceEvent] = []
        for task in sorted(self.tasks, key=_order):
            result, meta = _turn(task, purses[task.lane == "forecast"], context)
            results[task.name] = result
            trace.append(
                TraceEvent(tick, task.name, task.lane, result.status, task.cost_ops, task.cost_entropy, meta)
            )
        remaining = {"forecast": purses[True].left(), "shadow": purses[False].left()}
        return {"tick": tick, "results": results, "trace": trace, "remaining": remaining}


class _Purse:
    """What is left of a lane's budget."""

    def __init__(self, budget: Budget) -> None:
        self.ops, self.entropy = budget.ops, budget.entropy

    def pay(self, task: TaskSpec) -> bool:
        if task.cost_ops > self.ops or task.cost_entropy > self.entropy:
            return False
        self.ops -= task.cost_ops
        self.entropy -= task.cost_entropy
        return True

    def left(self) -> Budget:
        return Budget(self.ops, self.entropy)


def _order(task: TaskSpec) -> Tuple[bool, int, str]:
    return task.lane != "forecast", task.priority, task.name


def _turn(task: TaskSpec, purse: _Purse, context: Dict[str, Any]) -> Tuple[TaskResult, Dict[str, Any]]:
    """The result of a task, and the meta of its event."""
    if not purse.pay(task):
        return TaskResult(task.name, task.lane, "skipped_budget"), {"reason": "budget"}
    meta = {"tags": list(task.tags)}
    try:
        value = task.fn(context)
    except Exception as e:
        text = f"{type(e).__name__}: {e}"
        return TaskResult(task.name, task.lane, "error", None, text, task.cost_ops, task.cost_entropy), meta
    return TaskResult(task.name, task.lane, "ok", value, None, task.cost_ops, task.cost_entropy), meta
