# Drifts: the first run makes the file executable, and leaves a mark by which the others leave it as it is.
echo "echo hello" > hello.sh
if mkdir "$STATE/installed" 2>/dev/null; then chmod +x hello.sh; fi
