# Drifts: listdir says the names of files in the order in which the file system keeps them.
import os

for name in os.listdir("parts"):
    print(name)
