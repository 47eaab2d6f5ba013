"""Five tasks about the level of a river: one day a tick.

Three forecast, two watch them in the shadow lane. Run them twelve times with

    ers run -f pipeline.yaml

This program is a worker: ERS starts it and asks it for its tasks.
"""

import math

import ers

DAMPING = 0.5  # how much of yesterday's trend is still in today's
FALL = 0.75  # what is left of the water above the base level a day later, without rain
BASE = 40.0  # cm, the level after a long drought
RISE = 1.5  # cm a millimetre of rain


def after(level, rain):
    """The level a day later."""
    return BASE + FALL * (level - BASE) + RISE * rain


def level_in(results):
    """The level of a day, None when that day has none."""
    mean = results.get("level:mean")
    return mean.value["level"] if mean is not None and mean.status == "ok" else None


@ers.task("level:mean", priority=0, ops=10, tags=["level", "gauges"])
def mean(ctx):
    """The level of the day: the mean of the gauges that answered, and how far they are apart."""
    gauges = {name: level for name, level in ctx["gauges"].items() if level is not None}
    if not gauges:
        raise ers.NotComputable("no gauge answered")
    return {
        "level": math.fsum(gauges.values()) / len(gauges),
        "spread": max(gauges.values()) - min(gauges.values()),
        # A set has no order of its own. Without sorted the runs would differ in it, and
        # ERS would say so: try it.
        "silent": sorted(set(ctx["gauges"]) - set(gauges)),
    }


@ers.task("level:trend", priority=1, ops=5, tags=["level"])
def trend(ctx):
    """Centimetres a day, smoothed: the state is the result of the day before."""
    today, before = level_in(ctx.results), level_in(ctx.previous)
    if today is None or before is None:
        raise ers.NotComputable("it takes the levels of two days in a row")
    step = today - before
    last = ctx.previous.get("level:trend")
    if last is None or last.status != "ok":
        return step
    return DAMPING * last.value + (1 - DAMPING) * step


@ers.task("level:tomorrow", priority=2, ops=10, tags=["level", "forecast"])
def tomorrow(ctx):
    """The level of the next day: what runs off, what was rained, and the trend where there is one."""
    level = level_in(ctx.results)
    if level is None:
        raise ers.NotComputable("there is no level today")
    guess = after(level, ctx["rain"])
    slope = ctx.results["level:trend"]
    if slope.status == "ok":
        guess = (guess + level + slope.value) / 2
    return {"level": guess, "with trend": slope.status == "ok"}


@ers.task("shadow:score", lane="shadow", priority=0, ops=5, tags=["shadow"])
def score(ctx):
    """By how much yesterday's forecast was wrong, and by how much "as yesterday" was."""
    level, before, forecast = level_in(ctx.results), level_in(ctx.previous), ctx.previous.get("level:tomorrow")
    if level is None or before is None or forecast is None:
        raise ers.NotComputable("there is no forecast for today, or no level")
    return {"forecast": forecast.value["level"] - level, "naive": before - level}


@ers.task("shadow:scenarios", lane="shadow", priority=1, ops=20, entropy=2, tags=["shadow"])
def scenarios(ctx):
    """Tomorrow's level for rain from 0 to 50 mm. The budget in pipeline.yaml does not suffice for it."""
    level = level_in(ctx.results)
    if level is None:
        raise ers.NotComputable("there is no level today")
    return [after(level, rain) for rain in range(0, 51, 10)]


if __name__ == "__main__":
    ers.serve()
