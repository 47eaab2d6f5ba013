# Drifts: the number of the process names the session.
echo "session $$ opened"
