# Clean: the text is broken at a width of its own.
import textwrap

print("\n".join(textwrap.wrap("the quick brown fox jumps over the lazy dog and then over every other dog", 40)))
