# Drifts: the rights of a new file hang on the umask, and are listed in the result.
: > made.txt
stat -c '%a %n' made.txt
