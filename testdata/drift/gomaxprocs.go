// Drifts: there are as many workers as Go uses processors, and each has a line in the result.
package main

import (
	"fmt"
	"runtime"
)

func main() {
	for i := range runtime.GOMAXPROCS(0) {
		fmt.Println("worker", i)
	}
}
