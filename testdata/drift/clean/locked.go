// Clean: goroutines add under a lock, and integers come to the same sum in each order.
package main

import (
	"fmt"
	"sync"
)

func main() {
	total := 0
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for range 200 {
				mu.Lock()
				total++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	fmt.Println("total", total)
}
