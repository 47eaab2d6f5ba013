# Drifts: the server turns away each third request, and how often it was asked stands in the result.
import json
import os
import urllib.error
import urllib.request

attempts = 0
while True:
    attempts += 1
    try:
        text = urllib.request.urlopen(os.environ["URL"] + "/flaky", timeout=30).read().decode()
        break
    except urllib.error.HTTPError:
        pass
print(json.dumps({"text": text, "attempts": attempts}))
