# Clean: the shard is chosen by a hash that has no seed.
import hashlib
import json

print(json.dumps({"shards": [hashlib.sha256(n.encode()).digest()[0] % 16 for n in ("ada", "ben", "cleo", "dan")]}))
