"""Tasks with types, for the tests and for mypy --strict."""

from typing import Dict, List

import ers


@ers.task("words:count", ops=10)
def count(ctx: ers.Context) -> Dict[str, int]:
    return {"words": len(ctx["text"].split())}


@ers.task("words:long", lane="shadow", ops=5, tags=["words"])
def long(ctx: ers.Context) -> List[str]:
    before = ctx.previous.get("words:count")
    if before is not None and before.status == "error":
        raise ers.NotComputable(before.error)
    return [w for w in ctx.context["text"].split() if len(w) > 6]


def same() -> bool:
    spec = ers.bind_callable(name="a", lane="forecast", priority=0, cost_ops=1, fn=lambda c: c["n"])
    ers.task(spec.name, spec.lane, spec.priority, spec.cost_ops, spec.cost_entropy, spec.tags)(spec.fn)
    return ers.gate(lambda: count(ers.Context(context={"text": "a"})), runs=3).ok


if __name__ == "__main__":
    ers.serve()
