// Clean: the keys of the map are sorted first.
package main

import (
	"fmt"
	"maps"
	"slices"
)

func main() {
	for _, name := range slices.Sorted(maps.Keys(map[string]int{"ada": 1, "ben": 2, "cleo": 3, "dan": 4, "eve": 5})) {
		fmt.Println(name)
	}
}
