// Drifts: JSON sorts the keys of a map, but not the list that was made of them.
package main

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
)

func main() {
	ages := map[string]int{"ada": 36, "ben": 21, "cleo": 50, "dan": 33, "eve": 27, "finn": 41, "gus": 64, "hal": 18, "ida": 72}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"ages": ages, "names": slices.Collect(maps.Keys(ages))})
}
