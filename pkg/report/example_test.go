package report_test

import (
	"fmt"

	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// In a test: t.Errorf("%s", report.Append(nil, &v, report.Options{})).
func ExampleHeadline() {
	v, err := compare.Runs(3, func(run int) ([]events.Tick, error) {
		load := events.TraceEvent{Task: "load", Status: events.OK, CostOps: 1}
		if run == 1 {
			load.Status = events.SkippedBudget
		}
		return []events.Tick{{Events: []events.TraceEvent{load}}}, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Outcome, report.Headline(&v))
	// Output:
	// fail run 1 differs from the other 2 at tick 0: load has status skipped_budget, not ok
}
