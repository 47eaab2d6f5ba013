# Drifts: the name of the machine stands in the result.
import json
import socket

print(json.dumps({"host": socket.gethostname(), "rows": 3}))
