package bench

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Ratios are taken within a turn: a machine that is ten times slower in one turn does
// not change them.
func TestCompete(t *testing.T) {
	speeds := []int64{100, 10, 1000}
	var order string
	of := func(name string, factor int64) contestant {
		turn := 0
		return func(context.Context) ([]sample, error) {
			order += name
			s := sample{name: name, events: factor * speeds[turn], bytes: 2 * factor * speeds[turn], took: time.Second}
			turn++
			return []sample{s}, nil
		}
	}
	m := measurement{Config: Config{Turns: 3}, report: new(Report)}
	err := m.compete(t.Context(), Setting{EventsPerTick: 5}, comparisons{"b": {"a", "absent"}}, of("a", 4), of("b", 2))
	if err != nil {
		t.Fatal(err)
	}
	want := []Rate{
		{Setting: Setting{EventsPerTick: 5}, Name: "a", EventsPerSecond: 400, BytesPerSecond: 800, Turns: []float64{400, 40, 4000}},
		{Setting: Setting{EventsPerTick: 5}, Name: "b", EventsPerSecond: 200, BytesPerSecond: 400, Turns: []float64{200, 20, 2000},
			Ratios: map[string]float64{"a": 0.5}},
	}
	if diff := cmp.Diff(want, m.report.Rates); diff != "" {
		t.Errorf("-want +found:\n%s", diff)
	}
	if order != "ababab" {
		t.Errorf("turns were taken in the order %s", order)
	}
}

func TestCompeteFails(t *testing.T) {
	failed := errors.New("made for this test")
	m := measurement{Config: Config{Turns: 3}, report: new(Report)}
	err := m.compete(t.Context(), Setting{}, nil, func(context.Context) ([]sample, error) { return nil, failed })
	if !errors.Is(err, failed) || m.report.Rates != nil {
		t.Errorf("%v, %v", err, m.report.Rates)
	}
}
