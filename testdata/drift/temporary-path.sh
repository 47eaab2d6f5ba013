# Drifts: the name of a temporary file stands in the output.
made=$(mktemp)
echo "wrote $made"
