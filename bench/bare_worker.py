#!/usr/bin/env python3
"""The least that a worker in Python does: it reads a tick with json.loads, calls 50
functions and writes all of their values as one line with json.dumps. `ers bench` holds
the workers of the kit against it.

Nothing is checked here and nothing canonical, and no task sees what another came to.
"""

import json
import sys

TASKS = 50


def number(message):
    return message["tick"]


def main():
    functions = [(f"task:{i:05d}", number) for i in range(TASKS)]
    read, write, flush = sys.stdin.buffer.readline, sys.stdout.buffer.write, sys.stdout.buffer.flush
    write(b"{}\n")  # ready
    flush()
    while line := read():
        message = json.loads(line)
        answers = [{"task": name, "value": run(message)} for name, run in functions]
        write(json.dumps(answers).encode() + b"\n")
        flush()


if __name__ == "__main__":
    main()
