package main

import (
	"fmt"
	"testing"

	"abraxas.dev/ers/pkg/ers"
	"abraxas.dev/ers/pkg/erstest"
)

// The pipeline as it is shipped gives the same in all runs.
func TestOrders(t *testing.T) {
	erstest.Program(t, "pipeline.yaml", orders)
}

// So does a function alone, in more runs than a window has.
func TestTotals(t *testing.T) {
	var list []order
	for i := range 100 {
		list = append(list, order{fmt.Sprint("customer ", i%30), int64(i + 1)})
	}
	erstest.Invariant(t, func() (any, error) { return ers.JSON(totals(list)) }, erstest.Options{Runs: 50, Parallel: 4})
}
