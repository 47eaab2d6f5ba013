# Drifts: the generator begins with a seed that the system draws.
import json
import random

print(json.dumps({"sample": random.sample(range(1000), 5)}))
