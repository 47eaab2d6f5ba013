"""Tasks for ERS. `ers run -f pipeline.yaml` runs them; `python3 tasks.py` lists them."""

import ers


@ers.task("words:count", ops=10, tags=["words"])
def count(ctx):
    return {"words": len(ctx["text"].split())}


@ers.task("words:change", priority=1, ops=5)
def change(ctx):
    before = ctx.previous.get("words:count")  # of the tick before
    if before is None:
        raise ers.NotComputable("there is no paragraph before")
    return ctx.results["words:count"].value["words"] - before.value["words"]


@ers.task("watch:long", lane="shadow", ops=5)
def long(ctx):
    words = {word.strip(".,") for word in ctx["text"].split()}
    return sorted(word for word in words if len(word) > 6)


if __name__ == "__main__":
    ers.serve()
