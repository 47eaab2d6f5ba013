#!/usr/bin/env python3
"""The gate of ERS v0.2, in process: 12 runs of 50 tasks, and their traces compared.
`ers bench` runs it beside ERS, with the kit on PYTHONPATH.

Scheduler and gate are the kit's, which has v0.2's names. Only what makes a trace canonical
is done here as slowly as v0.2 did it, with dataclasses.asdict and a second walk over what
that returns: the kit's own is faster by half.

    PYTHONPATH=python python3 bench/v02_gate.py --ticks 100
"""

import argparse
import dataclasses
import json
import time

import ers
import ers.invariance
import ers.trace

TASKS, RUNS = 50, 12


def plain(x):
    """A copy of what asdict returned, made of what JSON has."""
    if isinstance(x, dict):
        return {str(key): plain(x[key]) for key in sorted(x, key=str)}
    if isinstance(x, (list, tuple)):
        return [plain(element) for element in x]
    return x if x is None or isinstance(x, (bool, int, float, str)) else repr(x)


def canonicalize(trace):
    return {"events": [plain(dataclasses.asdict(event)) for event in trace]}


def make_trace(ticks):
    scheduler = ers.DeterministicScheduler()
    for i in range(TASKS):
        scheduler.add(ers.TaskSpec(f"task:{i:05d}", "forecast", i, 1, 0, lambda context: context["tick"], ("bench",)))
    trace = []
    for tick in range(ticks):
        context = {"text": "hello there", "tick": tick}
        trace += scheduler.run_tick(tick, ers.Budget(TASKS), ers.Budget(TASKS), context)["trace"]
    return trace


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ticks", type=int, default=100)
    args = parser.parse_args()
    ers.trace.canonicalize_trace = ers.invariance.canonicalize_trace = canonicalize
    start = time.perf_counter()
    result = ers.dozen_run_invariance_gate(make_trace=lambda run: make_trace(args.ticks), runs=RUNS)
    seconds = time.perf_counter() - start
    print(json.dumps({"ok": result.ok, "seconds": seconds, "trace_sha256": result.expected_hash}))


if __name__ == "__main__":
    main()
