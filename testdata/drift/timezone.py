# Drifts: a moment becomes an hour of the day by the time zone that is set.
import json
import time

print(json.dumps({"hour": time.localtime(1_700_000_000).tm_hour}))
