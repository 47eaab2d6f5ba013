package scheduler_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

// A task knows which tasks come right after it: those of its lane, up to the first that
// is skipped.
func TestAhead(t *testing.T) {
	s := scheduler.New()
	ahead := make(map[string][]string)
	add := func(name string, lane events.Lane, ops int64) {
		err := s.Add(scheduler.Task{Name: name, Lane: lane, Cost: scheduler.Cost{Ops: ops}, Run: func(_ context.Context, in *scheduler.Input) (any, error) {
			ahead[name] = slices.Collect(in.Ahead())
			return nil, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	add("a", events.Forecast, 1)
	add("b", events.Forecast, 1)
	add("c", events.Forecast, 9) // skipped
	add("d", events.Forecast, 1)
	add("e", events.Shadow, 0)
	add("f", events.Shadow, 0)
	if _, err := s.Tick(context.Background(), 0, scheduler.Budgets{Forecast: scheduler.Budget{Ops: 3}}, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(ahead), "map[a:[b] b:[] d:[] e:[f] f:[]]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
