# Drifts: who finds the lock taken goes on without the index. With one run at a time nobody does.
exec 9> "$STATE/lock"
if flock -n 9; then
	sleep 1 # the index is made
	echo "with the index"
else
	echo "without the index"
fi
