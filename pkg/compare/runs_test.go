package compare

import (
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

func TestRunsDefault(t *testing.T) {
	var made []int
	v, err := Runs(0, func(run int) ([]events.Tick, error) {
		made = append(made, run)
		return []events.Tick{testTick(0)}, nil
	})
	if err != nil || v.Outcome != events.Pass || v.Runs != DefaultRuns {
		t.Errorf("verdict %s of %d runs, error %v", v.Outcome, v.Runs, err)
	}
	if !slices.Equal(made, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) {
		t.Errorf("made runs %v", made)
	}
}

func TestRunsRefuses(t *testing.T) {
	for _, n := range []int{-1, 1} {
		if _, err := Runs(n, nil); !errors.Is(err, ErrTooFewRuns) {
			t.Errorf("%d runs: %v", n, err)
		}
	}
	failed := errors.New("no model")
	for want, ticks := range map[string][]events.Tick{
		"run 1: no model": nil,
		"run 1: the tick at index 0 is tick 1: want 0":                                                {testTick(1)},
		"run 1: the tick at index 1 is tick 0: want 1":                                                {testTick(0), testTick(0)},
		"run 1: tick 0, event 0: it says that it is of tick 3":                                        {{Events: []events.TraceEvent{{Tick: 3}}}},
		"run 1: tick 0 has 0 events but 1 results":                                                    {{Results: make([]events.TaskResult, 1)}},
		`run 1: tick 0, event 0: the event of task "a" (ok) stands beside the result of task "" (ok)`: {{Events: []events.TraceEvent{{Task: "a"}}, Results: make([]events.TaskResult, 1)}},
		`run 1: tick 0, event 0: meta of task "a": "[]" is not`:                                       {{Events: []events.TraceEvent{{Task: "a", Meta: "[]"}}}},
		`run 1: tick 0, event 0: meta of task "a": "{" is not`:                                        {{Events: []events.TraceEvent{{Task: "a", Meta: "{"}}}},
		`run 1: tick 0, event 0: value of task "": "{ }" is not canonical`:                            {{Events: make([]events.TraceEvent, 1), Results: []events.TaskResult{{Value: "{ }"}}}},
		"run 1: tick 0, event 0: Lane(9) is not a lane":                                               {{Events: []events.TraceEvent{{Lane: 9}}}},
		"run 1: tick 0, event 0: Status(9) is not a status":                                           {{Events: []events.TraceEvent{{Status: 9}}}},
		"run 1: tick 0, event 0: task name":                                                           {{Events: []events.TraceEvent{{Task: "\xff"}}}},
	} {
		_, err := Runs(3, func(run int) ([]events.Tick, error) {
			if run == 0 {
				return []events.Tick{testTick(0)}, nil
			}
			if ticks == nil {
				return nil, failed
			}
			return ticks, nil
		})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
		if ticks == nil && !errors.Is(err, failed) {
			t.Errorf("%v does not wrap the error of trace", err)
		}
	}
}

// A run that ends early lacks events; it is no error of the caller.
func TestRunsOfUnequalLength(t *testing.T) {
	v, err := Runs(3, func(run int) ([]events.Tick, error) {
		ticks := []events.Tick{testTick(5), testTick(6), testTick(7)}
		return ticks[:[]int{3, 0, 2}[run]], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if v.FirstTick != 5 || v.Ticks != 3 || inShort(&v) != "fail [1]: missing at 5/0 oracle:ingest" {
		t.Errorf("ticks %d from %d: %s", v.Ticks, v.FirstTick, inShort(&v))
	}
	if d := v.Groups[2].Differs; d.Tick != 7 || d.Kind != events.KindMissing {
		t.Errorf("run 2 differs at %v", d)
	}
}

// trace may hand out the same memory again and again.
func TestRunsCopiesTicks(t *testing.T) {
	ticks := []events.Tick{testTick(0)}
	v, err := Runs(3, func(run int) ([]events.Tick, error) {
		ticks[0].Events[0].CostOps = int64(run)
		return ticks, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := v.Divergence; inShort(&v) != "fail [1]: cost at 0/0 oracle:ingest/cost_ops" || d.Expected.Canonical != "0" || d.Found.Canonical != "1" {
		t.Errorf("%s: %s, %s", inShort(&v), d.Expected.Canonical, d.Found.Canonical)
	}
}

func TestMemoryHasNoSuchTick(t *testing.T) {
	if _, err := (Memory{0: {testTick(0)}}).Tick(0, events.TickDigest{Tick: 1}); err == nil {
		t.Error("a tick that is not there was returned")
	}
}

// bigSource has runs of any length that differ in the last tick alone.
type bigSource struct{ ticks int64 }

func (s bigSource) Complete(int) error { return nil }

func (s bigSource) Surroundings(int) (canon.Value, error) { return "", nil }
func (s bigSource) Resumed(int) ([]canon.Value, error)    { return nil, nil }

func (s bigSource) Object(string) (io.ReadCloser, error) { return nil, events.ErrNotFound }

func (s bigSource) Ticks(int) iter.Seq2[events.Tick, error] { return nil } // they differ

func (s bigSource) TickDigests(run int) iter.Seq2[events.TickDigest, error] {
	return func(yield func(events.TickDigest, error) bool) {
		same := canon.Sum([]byte("same")).String()
		d := events.TickDigest{Events: 5, Hashes: events.Hashes{Trace: same, Result: same, Forecast: same, ForecastResult: same}}
		for d.Tick = range s.ticks {
			if d.Tick >= s.ticks-around-1 {
				t, _ := s.Tick(run, d)
				d.Hashes, _ = events.TickHashes(&t)
			}
			if !yield(d, nil) {
				return
			}
		}
	}
}

func (s bigSource) Tick(run int, d events.TickDigest) (events.Tick, error) {
	t := testTick(d.Tick)
	if d.Tick == s.ticks-1 && run == 1 {
		t.Events[0].CostOps++
	}
	return t, nil
}

func bigWindow(t testing.TB, ticks int64) *testWindow {
	w := newTestWindow(3)
	w.runs[1][0].Events[0].CostOps++
	w.req.Ticks = ticks
	w.seal(t)
	return w
}

// BenchmarkWalk walks two runs of 100 000 ticks to a difference in the last one. The
// allocations do not depend on the number of ticks.
func BenchmarkWalk(b *testing.B) {
	const ticks = 100_000
	w := bigWindow(b, ticks)
	b.ReportAllocs()
	for b.Loop() {
		v, err := Judge(w.key(), &w.req, w.last, bigSource{ticks})
		if err != nil || v.Divergence.Tick != ticks-1 {
			b.Fatal(inShort(&v), err)
		}
	}
}

// BenchmarkPass judges a window of 12 equal runs.
func BenchmarkPass(b *testing.B) {
	w := newTestWindow(DefaultRuns)
	w.seal(b)
	b.ReportAllocs()
	for b.Loop() {
		if v := w.judge(b); v.Outcome != events.Pass {
			b.Fatal(v.Outcome)
		}
	}
}

// A long run is walked in memory that does not grow with it.
func TestWalkInFlatMemory(t *testing.T) {
	allocs := func(ticks int64) float64 {
		w := bigWindow(t, ticks)
		return testing.AllocsPerRun(3, func() {
			v, err := Judge(w.key(), &w.req, w.last, bigSource{ticks})
			if err != nil || v.Divergence.Tick != ticks-1 {
				t.Fatal(inShort(&v), err)
			}
		})
	}
	if few, many := allocs(100), allocs(20_000); many > few*1.1 {
		t.Errorf("%.0f allocations for 100 ticks, %.0f for 20 000", few, many)
	}
}
