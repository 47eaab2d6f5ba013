// Drifts: a cache is made as large as the setting of the garbage collector lets it be, and its size stands in the result.
package main

import (
	"fmt"
	"runtime/debug"
)

func main() {
	percent := debug.SetGCPercent(-1)
	fmt.Println("entries in the cache:", percent*10)
}
