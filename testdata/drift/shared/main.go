// Drifts: all runs are given the same list, and each adds to what the others find in it.
package main

import (
	"sync"

	"abraxas.dev/ers/pkg/ers"
)

var (
	mu      sync.Mutex
	context = map[string][]string{"tags": {"new"}}
)

func main() {
	ers.Main(ers.Task{Name: "tag", Run: func(*ers.Ctx) (any, error) {
		mu.Lock()
		defer mu.Unlock()
		context["tags"] = append(context["tags"], "seen")
		return map[string]any{"tags": len(context["tags"])}, nil
	}})
}
