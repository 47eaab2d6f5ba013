#!/usr/bin/env python3
"""How fast workers are, beside the least that a worker in Python could do.

    python3 bench/worker_bench.py            12 workers, 50 tasks a tick

The bare worker reads a line with json.loads, calls 50 functions and writes one line with
json.dumps. The kit's worker does what it does for ERS: it checks and canonicalises each
value, keeps it for later tasks, and answers each task with a line. Both are fed over
pipes by this process, which counts line ends and reads nothing. Prints events a second,
and what a worker takes of a processor for an event, which a busy machine changes less.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import selectors
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
KIT = os.path.dirname(HERE)

TASKS = """
def number(ctx): return tick(ctx)
def record(ctx): return {"tick": tick(ctx), "name": "signal", "score": 0.25, "top": ["a", "b"]}
functions = [(f"task:{i:03d}", KIND) for i in range(COUNT)]
"""
BARE = """
import json, sys
def tick(ctx): return ctx["tick"]
read, write = sys.stdin.buffer.readline, sys.stdout.buffer.write
read()
write(b"{}\\n"); sys.stdout.buffer.flush()
while True:
    line = read()
    if not line: break
    ctx = json.loads(line)
    write(json.dumps([{"task": name, "value": run(ctx)} for name, run in functions]).encode() + b"\\n")
    sys.stdout.buffer.flush()
"""
WITH_KIT = """
import ers
def tick(ctx): return ctx.tick
for name, run in functions: ers.task(name, ops=1)(run)
ers.serve()
"""
HELLO = {"limits": {"error": 4096, "message": 16 << 20, "value": 256 << 10}, "protocol": "ers-worker/1", "type": "hello"}


def line(message: object) -> bytes:
    return json.dumps(message, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def start(program: str, workers: int) -> list[subprocess.Popen[bytes]]:
    env = {**os.environ, "PYTHONPATH": KIT, "ERS_WORKER": "ers-worker/1"}
    command = [os.path.realpath(sys.executable), "-c", program]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, bufsize=0)
        for _ in range(workers)
    ]
    for p in started:
        p.stdin.write(line(HELLO))
    for p in started:
        answer = b""
        while not answer.endswith(b"\n"):
            answer += os.read(p.stdout.fileno(), 1 << 16)
    return started


def drive(workers: list[subprocess.Popen[bytes]], ticks: int, count: int, lines: int) -> float:
    """Seconds for all workers to answer all ticks; each gets its next tick when it has answered."""
    names = [f"task:{i:03d}" for i in range(count)]
    messages = [
        line({"context": {"text": "hello there"}, "results": [], "tasks": names, "tick": t, "type": "tick"})
        for t in range(ticks)
    ]
    at, left = [0] * len(workers), [lines] * len(workers)
    selector = selectors.DefaultSelector()
    begin = time.perf_counter()
    for i, p in enumerate(workers):
        selector.register(p.stdout, selectors.EVENT_READ, i)
        p.stdin.write(messages[0])
    busy = len(workers)
    while busy:
        for key, _ in selector.select():
            i = key.data
            left[i] -= os.read(key.fd, 1 << 20).count(b"\n")
            if left[i] == 0:
                at[i] += 1
                if at[i] == ticks:
                    busy -= 1
                    continue
                left[i] = lines
                workers[i].stdin.write(messages[at[i]])
    return time.perf_counter() - begin


def measure(program: str, kind: str, lines: int, args: argparse.Namespace) -> tuple[float, float]:
    """Returns events a second, and microseconds of a processor an event in a worker."""
    tasks = TASKS.replace("KIND", kind).replace("COUNT", str(args.tasks))
    before = processor()
    workers = start(tasks + program, args.workers)
    seconds = drive(workers, args.ticks, args.tasks, lines)
    for p in workers:
        p.stdin.close()
    if any(p.wait() for p in workers):
        raise SystemExit("a worker failed")
    events = args.workers * args.ticks * args.tasks
    return events / seconds, 1e6 * (processor() - before) / events


def processor() -> float:
    """Seconds that processes took which have ended, their start included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=12)
    parser.add_argument("--tasks", type=int, default=50, help="tasks a tick")
    parser.add_argument("--ticks", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts")
    args = parser.parse_args()
    print(f"{args.workers} workers, {args.tasks} tasks a tick, {args.ticks} ticks, Python {sys.version.split()[0]}")
    for kind in ("number", "record"):
        bare = [measure(BARE, kind, 1, args) for _ in range(args.rounds)]
        kit = [measure(WITH_KIT, kind, args.tasks, args) for _ in range(args.rounds)]
        for name, found in (("bare", bare), ("kit", kit)):
            rate, cost = max(f[0] for f in found), min(f[1] for f in found)
            print(f"  values: a {kind}  {name:<4}  {rate:9,.0f} events/s  {cost:5.2f} us of a processor an event")
    for name, program in (("bare", BARE), ("kit", WITH_KIT)):
        seconds = min(timed_start(program) for _ in range(args.rounds))
        print(f"  24 {name} workers started in {seconds:.2f} s")


def timed_start(program: str) -> float:
    tasks = TASKS.replace("KIND", "number").replace("COUNT", "50")
    begin = time.perf_counter()
    workers = start(tasks + program, 24)
    seconds = time.perf_counter() - begin
    for p in workers:
        p.stdin.close()
        p.wait()
    return seconds


if __name__ == "__main__":
    main()
