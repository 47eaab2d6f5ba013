#!/usr/bin/env python3
"""50 tasks that return the number of the tick, served with the kit. With the argument
"lanes" half of them are in the shadow lane, so that a run has two processes.
"""

import sys

import ers

TASKS = 50


def number(ctx):
    return ctx.tick


for i in range(TASKS):
    shadow = "lanes" in sys.argv and i >= TASKS // 2
    ers.task(f"task:{i:05d}", lane="shadow" if shadow else "forecast", priority=i, ops=1, tags=["bench"])(number)

if __name__ == "__main__":
    ers.serve()
