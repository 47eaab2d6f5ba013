import ers


@ers.task("words:count", ops=10)
def count(ctx):
    return {"words": len(ctx["text"].split())}


@ers.task("words:long", lane="shadow", ops=5)
def long(ctx):
    return [w for w in ctx["text"].split() if len(w) > 6]


if __name__ == "__main__":
    ers.serve()
