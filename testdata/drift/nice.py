# Drifts: work in the background is done with less care.
import os

print("iterations:", 10 if os.nice(0) > 0 else 100)
