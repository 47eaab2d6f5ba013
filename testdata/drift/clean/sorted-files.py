# Clean: the names of files are sorted, without regard to the locale.
import os

os.chdir("parts")
for name in sorted(os.listdir(".")):
    print(name, open(name).read().strip())
