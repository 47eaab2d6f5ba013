// Drifts: floats are added in the order of a map, and each order rounds otherwise.
package main

import "fmt"

func main() {
	parts := map[string]float64{"a": 1e16, "b": 1, "c": -1e16, "d": 3, "e": 0.1, "f": 1e15, "g": -1e15, "h": 0.7}
	for i := range 8 {
		sum := float64(i)
		for _, part := range parts {
			sum += part
		}
		fmt.Println(sum)
	}
}
