# Drifts: the first run alone finds nothing prepared, and says so.
if mkdir "$STATE/prepared" 2>/dev/null; then echo "preparing"; fi
echo "ready"
