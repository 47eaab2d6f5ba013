# Drifts: the work is cut into as many parts as there are processors, and each part is rounded.
import json
import os

n = len(os.sched_getaffinity(0))
print(json.dumps({"parts": n, "rows": [1000 // n] * n}))
