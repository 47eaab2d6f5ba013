# Drifts: a block for the environment is cut to size, and its size stands in the result.
import os

size = sum(len(k) + len(v) + 2 for k, v in os.environb.items() if k not in (b"HOME", b"TMPDIR", b"STATE", b"PWD", b"OLDPWD", b"_"))
print("pages for the environment:", 1 + size // 4096)
