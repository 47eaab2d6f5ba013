# Drifts: it reads a file when it starts. Where that file has changed since, a process that is started again after a
# crash answers otherwise than the one before it.
import json
import os
import sys

sys.stdin.readline()
print(json.dumps({"type": "hello", "protocol": "ers-worker/1", "tasks": [{"name": "scale", "lane": "forecast"}]}), flush=True)
scale = int(open(os.path.join(os.environ["STATE"], "scale")).read())
for line in sys.stdin:
    for i in range(20000):
        pass
    value = json.loads(line)["tick"] * scale + scale
    print(json.dumps({"type": "result", "task": "scale", "status": "ok", "value": value}), flush=True)
