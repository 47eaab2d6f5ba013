# Clean: the rights of the file are set, whatever the umask.
: > made.txt
chmod 640 made.txt
stat -c '%a %n' made.txt
