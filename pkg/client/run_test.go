package client_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

var (
	window = events.WindowKey{Pipeline: "p", Window: 1, Request: strings.Repeat("ab", 32)}
	key    = window.Run(2)
)

// frames are those of a run of ticks 4, 5 and 6, each of them in three frames, and one
// that gives a run up at tick 4.
func frames(t *testing.T) (run [][]byte, abandoned []byte) {
	t.Helper()
	var encoder events.FrameEncoder
	p := events.Position{Request: window.Request, RunKey: key, FirstTick: 4, Ticks: 3}
	for tick := int64(4); tick < 7; tick++ {
		whole := &events.Tick{Tick: tick}
		for _, name := range []string{"a", "b", "c"} {
			whole.Events = append(whole.Events, events.TraceEvent{Tick: tick, Task: name, Meta: "{}"})
			whole.Results = append(whole.Results, events.TaskResult{Name: name, Value: canon.Null})
		}
		err := encoder.Encode(p, whole, 1, func(frame []byte, _ int) error {
			run = append(run, slices.Clone(frame))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	p.Tick, p.Total = 4, 0
	abandoned, err := events.AppendAbandoned(nil, p, "made for this test")
	if err != nil {
		t.Fatal(err)
	}
	return run, abandoned
}

func put(t *testing.T, b *bus.Bus, list ...[]byte) {
	t.Helper()
	last := uint64(0)
	for _, frame := range list {
		var err error
		if last, err = b.Append(t.Context(), events.TraceSubject(key), last, frame); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTicks(t *testing.T) {
	run, _ := frames(t)
	b := bustest.Open(t)
	put(t, b, append(run, run[0])...) // behind the last tick nothing is read
	from := client.All(window, 2, 4, 3)
	for skip := range int64(4) {
		r := from
		r.Next, r.After = 4+skip, uint64(3*skip)
		n := skip
		for tick, err := range client.Ticks(t.Context(), b, r) {
			if err != nil {
				t.Fatal(err)
			}
			if tick.Tick.Tick != 4+n || len(tick.Events) != 3 || tick.FirstSeq != uint64(3*n+1) || tick.LastSeq != tick.FirstSeq+2 {
				t.Errorf("tick %+v", tick)
			}
			n++
		}
		if n != 3 {
			t.Errorf("from tick %d up to %d", r.Next, 4+n)
		}
	}
}

// Whatever is not as it must be is a problem with a sequence, and ends the reading.
func TestProblems(t *testing.T) {
	run, abandoned := frames(t)
	other := slices.Clone(run[4])
	for name, test := range map[string]struct {
		list  [][]byte
		ticks int // that are read before it
		seq   uint64
		want  string
	}{
		"empty":     {nil, 0, 0, "the run ends before event 0 of tick 4; its last is tick 6"},
		"cut":       {run[:8], 2, 0, "the run ends before event 2 of tick 6"},
		"gap":       {slices.Delete(slices.Clone(run), 4, 5), 1, 5, "event 2 of tick 5 where event 1 of tick 5 belongs"},
		"twice":     {slices.Insert(slices.Clone(run), 3, run[0]), 1, 4, "event 0 of tick 4 where event 0 of tick 5 belongs"},
		"damaged":   {slices.Replace(slices.Clone(run), 4, 5, other[:20]), 1, 5, "frame"},
		"abandoned": {[][]byte{abandoned}, 0, 1, "gave the run up at tick 4: made for this test"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := bustest.Open(t)
			put(t, b, test.list...)
			n := 0
			var last error
			for _, err := range client.Ticks(t.Context(), b, client.All(window, 2, 4, 3)) {
				if last = err; err == nil {
					n++
				}
			}
			problem, ok := errors.AsType[*client.Problem](last)
			if !ok || n != test.ticks || problem.Seq != test.seq || problem.Run != 2 || !strings.Contains(last.Error(), test.want) {
				t.Errorf("%d ticks, %v", n, last)
			}
		})
	}
	b := bustest.Open(t)
	put(t, b, run...)
	for _, err := range client.Ticks(t.Context(), b, client.All(window, 2, 4, 9)) {
		if _, ok := errors.AsType[*client.Problem](err); !ok || !strings.Contains(err.Error(), "ticks 4 to 6") {
			t.Errorf("another number of ticks: %v", err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range client.Ticks(ended, b, client.All(window, 2, 4, 3)) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}
