# Drifts: the noise of a measurement in the last digits; to ten digits all runs are equal.
import json
import random

print(json.dumps({"mean": 0.123456 + random.random() * 1e-13}))
