// Clean: what the task keeps is made anew for each run.
package main

import "abraxas.dev/ers/pkg/ers"

func main() {
	ers.Main(ers.Task{Name: "number", New: func() func(*ers.Ctx) (any, error) {
		calls := 0
		return func(*ers.Ctx) (any, error) {
			calls++
			return map[string]any{"invoice": calls}, nil
		}
	}})
}
