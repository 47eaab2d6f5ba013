# Drifts: input that is a file is read twice, input from a pipe once.
if [ -f /dev/stdin ]; then echo "passes: 2"; else echo "passes: 1"; fi
