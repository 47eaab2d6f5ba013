# Drifts: the date stands in the result, which is the same all day.
echo "report of $(date +%F)"
