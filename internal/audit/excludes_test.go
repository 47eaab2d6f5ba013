package audit

import (
	"testing"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/sure"
)

// Whatever the number of runs, the audit comes to what the gate says.
func TestExcluded(t *testing.T) {
	for runs := events.MinRuns; runs <= events.MaxRuns; runs += 1 + runs/50 {
		oneIn, percent := sure.Excludes(runs)
		if got := excluded(runs); *got != (excludes{oneIn, percent}) {
			t.Errorf("%d runs: %+v, the gate says 1 of %d with %d %%", runs, *got, oneIn, percent)
		}
	}
}
