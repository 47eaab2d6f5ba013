# Counts the words that it reads, and writes the long ones to a file.
set -eu
words=$(tr -s ' .,\n' '\n')
printf '%s\n' "$words" | grep -E '.{7,}' | LC_ALL=C sort -u >long.txt
printf '{"words": %d}\n' "$(printf '%s\n' "$words" | grep -c .)"
