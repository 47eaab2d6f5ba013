# Drifts: a text is broken at the width of the terminal.
import shutil
import textwrap

text = "the quick brown fox jumps over the lazy dog and then over every other dog that there is in the yard of the house"
print("\n".join(textwrap.wrap(text, shutil.get_terminal_size().columns)))
