# Drifts: how many characters a text has hangs on the locale.
printf 'caf\303\251 cr\303\250me' | wc -m
