package compare

import (
	"testing"

	"abraxas.dev/ers/pkg/events"
)

// A pass says when no task ended ok.
func TestEmpty(t *testing.T) {
	for _, c := range []struct {
		statuses []events.Status // one a tick
		want     events.Empty
	}{
		{[]events.Status{events.OK}, ""},
		{[]events.Status{events.SkippedBudget, events.Error, events.OK}, ""},
		{[]events.Status{events.SkippedBudget, events.SkippedBudget}, events.EmptySkipped},
		{[]events.Status{events.SkippedBudget, events.Error}, events.EmptyFailed},
		{[]events.Status{events.NotComputable}, events.EmptyFailed},
	} {
		v, err := Runs(2, func(int) (ticks []events.Tick, err error) {
			for i, status := range c.statuses {
				ticks = append(ticks, events.Tick{Tick: int64(i), Events: []events.TraceEvent{{Tick: int64(i), Task: "a", Status: status}}})
			}
			return ticks, nil
		})
		if err != nil || v.Outcome != events.Pass || v.Empty != c.want {
			t.Errorf("%v: %s, empty %q, %v; want a pass, empty %q", c.statuses, v.Outcome, v.Empty, err, c.want)
		}
	}
}
