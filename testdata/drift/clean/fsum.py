# Clean: fsum comes to the same sum in each order, here that of a set.
import json
import math

parts = {"a": 1e16, "b": 1.0, "c": -1e16, "d": 3.0, "e": 0.1, "f": 0.7}
print(json.dumps({"sum": math.fsum(parts[k] for k in set(parts))}))
