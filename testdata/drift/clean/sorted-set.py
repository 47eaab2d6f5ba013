# Clean: the set is sorted before it is printed.
import json

print(json.dumps({"tags": sorted(set("to be or not to be that is the question".split()))}))
