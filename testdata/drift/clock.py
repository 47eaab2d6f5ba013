# Drifts: the time of the run stands in the result.
import json
import time

print(json.dumps({"made": time.time(), "rows": 3}))
