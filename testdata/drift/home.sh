# Drifts: the path of the home folder stands in the result.
echo "settings: $HOME/.settings"
