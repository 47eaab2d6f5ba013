# Drifts: the folder in which it runs stands in the result.
echo "built in $(pwd)"
