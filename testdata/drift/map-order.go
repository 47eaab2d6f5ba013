// Drifts: Go begins to range over a map at a place that it draws anew each time.
package main

import "fmt"

func main() {
	for name := range map[string]int{"ada": 1, "ben": 2, "cleo": 3, "dan": 4, "eve": 5, "finn": 6, "gus": 7, "hal": 8, "ida": 9} {
		fmt.Println(name)
	}
}
