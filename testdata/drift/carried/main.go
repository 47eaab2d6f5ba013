// Drifts: a variable of the package outlives the run, so that each run begins where another one is.
package main

import (
	"sync/atomic"

	"abraxas.dev/ers/pkg/ers"
)

var calls atomic.Int64

func main() {
	ers.Main(ers.Task{Name: "number", Run: func(*ers.Ctx) (any, error) { return map[string]any{"invoice": calls.Add(1)}, nil }})
}
