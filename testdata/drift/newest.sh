# Drifts: the newest file is taken, and all copies of a folder have other times.
echo "newest: $(ls -t parts | head -n 1)"
