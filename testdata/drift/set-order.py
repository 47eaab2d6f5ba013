# Drifts: the order of a set of strings hangs on the seed of their hashes, which is another one in each process.
import json

print(json.dumps({"tags": list(set("to be or not to be that is the question".split()))}))
