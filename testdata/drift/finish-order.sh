# Drifts: what runs side by side comes to its end in an order of its own.
for part in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	(printf '%s\n' "$part" >> parts.txt) &
done
wait
