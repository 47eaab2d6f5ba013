# Drifts: the forecast finds what the shadow task left in a folder outside at the tick before. With the shadow lane off
# there is nothing to find.
tick=$(sed 's/.*"tick":\([0-9]*\).*/\1/')
case $1 in
forecast) if [ -e "$STATE/$((tick - 1))" ]; then echo "corrected"; else echo "plain"; fi ;;
shadow) : > "$STATE/$tick" ;;
esac
