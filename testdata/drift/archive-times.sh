# Drifts: an archive keeps the time at which the file in it was written.
echo "1,2,3" > rows.csv
tar --format=posix -cf rows.tar rows.csv
