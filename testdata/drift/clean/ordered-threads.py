# Clean: threads finish as they like, and their results are taken in the order of the inputs.
import json
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(8) as pool:
    print(json.dumps({"squares": list(pool.map(lambda n: n * n, range(40)))}))
