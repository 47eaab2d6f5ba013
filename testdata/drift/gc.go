// Drifts: what a pool still holds hangs on when garbage was collected, and how often that was stands in the result.
package main

import (
	"fmt"
	"runtime"
)

var kept []byte

func main() {
	for range 64 {
		kept = make([]byte, 1<<20)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Println("collected for a fourth of the blocks:", m.NumGC > 16)
	runtime.KeepAlive(kept)
}
