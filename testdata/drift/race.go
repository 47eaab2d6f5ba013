// Drifts: goroutines read, add and write without a lock, so that additions of others are lost.
package main

import (
	"fmt"
	"runtime"
	"sync"
)

func main() {
	total := 0
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for range 200 {
				before := total
				runtime.Gosched()
				total = before + 1
			}
		})
	}
	all.Wait()
	fmt.Println("total", total)
}
