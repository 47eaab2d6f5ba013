# Drifts: it reads a file when it starts. Where that file has changed since, a process that is started again after a
# crash answers otherwise than the one before it. The server says when it may go on, so that it can be met midway.
import json
import os
import sys
import urllib.request

sys.stdin.readline()
print(json.dumps({"type": "hello", "protocol": "ers-worker/1", "tasks": [{"name": "scale", "lane": "forecast"}]}), flush=True)
with open(os.path.join(os.environ["STATE"], "scale")) as f:
    scale = int(f.read())
for line in sys.stdin:
    tick = json.loads(line)["tick"]
    if tick == 3:
        urllib.request.urlopen(os.environ["URL"] + "/midway", timeout=300).read()
    print(json.dumps({"type": "result", "task": "scale", "status": "ok", "value": tick + scale}), flush=True)
