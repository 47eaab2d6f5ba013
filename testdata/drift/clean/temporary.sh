# Clean: a temporary file is used, and its name is not told.
made=$(mktemp)
echo "1 2 3" > "$made"
wc -w < "$made"
rm "$made"
