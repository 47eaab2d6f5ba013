# Drifts: hash() of a text hangs on a seed that is drawn for each process, and chooses the shard.
import json

print(json.dumps({"shards": [hash(name) % 16 for name in ("ada", "ben", "cleo", "dan")]}))
