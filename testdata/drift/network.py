# Drifts: a server's answer is part of the result, and it answers otherwise each time.
import json
import os
import urllib.request

print(json.dumps({"rate": json.load(urllib.request.urlopen(os.environ["URL"] + "/rate", timeout=30))}))
