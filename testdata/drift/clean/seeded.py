# Clean: the generator has a seed of its own.
import json
import random

print(json.dumps({"sample": random.Random(7).sample(range(1000), 5)}))
