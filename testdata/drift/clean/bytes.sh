# Clean: the locale is set by the program itself.
printf 'caf\303\251 cr\303\250me' | LC_ALL=C wc -m
