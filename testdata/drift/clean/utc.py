# Clean: the moment becomes an hour of the day in UTC.
import json
import time

print(json.dumps({"hour": time.gmtime(1_700_000_000).tm_hour}))
