# Drifts: the first run computes and keeps what it came to, with fewer digits; later runs read that.
import json
import os

cache = os.path.join(os.environ["STATE"], "mean")
try:
    mean = float(open(cache).read())
except FileNotFoundError:
    mean = 2 / 3
    with open(cache, "w") as f:
        f.write(f"{mean:.6f}")
print(json.dumps({"mean": mean}))
