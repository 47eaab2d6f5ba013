# Drifts: the text of an error has an address in it.
import json
import sys

sys.stdin.readline()
tasks = [{"name": "handle", "lane": "forecast"}]
print(json.dumps({"type": "hello", "protocol": "ers-worker/1", "tasks": tasks}), flush=True)
for line in sys.stdin:
    error = "no handler for the one at " + hex(id(object()))
    print(json.dumps({"type": "result", "task": "handle", "status": "error", "error": error}), flush=True)
