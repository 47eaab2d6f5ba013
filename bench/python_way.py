#!/usr/bin/env python3
"""The Python way: schedule, canonicalise and hash ticks in memory, with the standard
library alone. `ers bench` runs it beside ERS.

    python3 bench/python_way.py --events 50 --ticks 1000

prints, as JSON, how long the ticks took and the run's trace_sha256, which must be the
one that ERS has for the same ticks. There is no log, no second party that hashes, and
no verdict here: this is the least that a check in Python does.
"""

import argparse
import hashlib
import json
import time

# What json.dumps(x, sort_keys=True, separators=(",", ":"), ensure_ascii=False) writes,
# without making the encoder anew each time.
canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode

LANES = ("forecast", "shadow")


class Task:
    def __init__(self, name, lane, priority, cost_ops, cost_entropy, tags, run):
        self.name = name
        self.lane = lane
        self.priority = priority
        self.cost_ops = cost_ops
        self.cost_entropy = cost_entropy
        self.tags = tags
        self.run = run


def make_tasks(n):
    """n tasks that do nothing, half of them in each lane."""
    tasks = [
        Task(f"task:{i:05d}", LANES[i * 2 // n], i, 1, 0, ["bench"], lambda tick, results: tick)
        for i in range(n)
    ]
    return sorted(tasks, key=lambda t: (LANES.index(t.lane), t.priority, t.name))


def run_tick(tasks, tick, budget):
    """Runs every task once as far as its lane's budget goes, and returns the trace."""
    ops = dict.fromkeys(LANES, budget)
    entropy = dict.fromkeys(LANES, budget)
    results = {}
    trace = []
    for task in tasks:
        lane = task.lane
        if task.cost_ops > ops[lane] or task.cost_entropy > entropy[lane]:
            status, meta = "skipped_budget", {"reason": "budget"}
        else:
            ops[lane] -= task.cost_ops
            entropy[lane] -= task.cost_entropy
            meta = {"tags": task.tags}
            try:
                results[task.name] = task.run(tick, results)
                status = "ok"
            except Exception:
                status = "error"
        trace.append({
            "tick": tick,
            "task": task.name,
            "lane": lane,
            "status": status,
            "cost_ops": task.cost_ops,
            "cost_entropy": task.cost_entropy,
            "meta": meta,
        })
    return trace


PREFIX, SUFFIX = '{"events":[', "]}"


def run(tasks, ticks, budget):
    """Returns the trace_sha256 of the run; that of each tick is made on the way."""
    whole = hashlib.sha256(PREFIX.encode())
    for tick in range(ticks):
        text = canonical({"events": run_tick(tasks, tick, budget)}).encode()
        hashlib.sha256(text).hexdigest()
        if tick > 0:
            whole.update(b",")
        whole.update(text[len(PREFIX):-len(SUFFIX)])
    whole.update(SUFFIX.encode())
    return whole.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=50, help="events a tick")
    parser.add_argument("--ticks", type=int, default=1000)
    args = parser.parse_args()
    tasks = make_tasks(args.events)
    start = time.perf_counter()
    trace_sha256 = run(tasks, args.ticks, args.events)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "trace_sha256": trace_sha256}))


if __name__ == "__main__":
    main()
