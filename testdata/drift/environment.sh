# Drifts: how many variables the environment has stands in the result.
echo "variables: $(env | wc -l)"
