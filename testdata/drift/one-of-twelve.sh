# Drifts: runs count themselves in a folder outside, and the seventh of each twelve rotates the log.
n=1
until mkdir "$STATE/$n" 2>/dev/null; do n=$((n + 1)); done
if [ $((n % 12)) = 7 ]; then echo "log rotated"; fi
echo "done"
