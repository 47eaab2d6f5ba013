package compare_test

import (
	"fmt"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
)

// A counter outside the task makes its third run return another value.
func ExampleRuns() {
	calls := 0
	v, err := compare.Runs(4, func(run int) ([]events.Tick, error) {
		calls++
		value, err := canon.Of(map[string]any{"rows": 100, "late": calls == 3})
		return []events.Tick{{
			Tick:    0,
			Events:  []events.TraceEvent{{Tick: 0, Task: "load", Status: events.OK, CostOps: 1, Meta: `{"tags":[]}`}},
			Results: []events.TaskResult{{Name: "load", Status: events.OK, Value: value}},
		}}, err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := v.Divergence
	fmt.Println(v.Outcome, v.Outliers)
	fmt.Println(d.Kind, "of", d.Task, "at tick", d.Tick, d.Pointer)
	fmt.Println("expected", d.Expected.Canonical, "found", d.Found.Canonical)
	// Output:
	// fail [2]
	// value of load at tick 0 /value/late
	// expected false found true
}
