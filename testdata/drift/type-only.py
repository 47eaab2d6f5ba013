# Drifts: the first run says 3, and the others 3.0, which they read from a file.
import json
import os

cache = os.path.join(os.environ["STATE"], "total")
try:
    total = float(open(cache).read())
except FileNotFoundError:
    total = 3
    with open(cache, "w") as f:
        f.write(str(total))
print(json.dumps({"total": total}))
