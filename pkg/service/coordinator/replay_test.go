package coordinator_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"abraxas.dev/ers/internal/testsize"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/vary"
)

// keeping is a program whose task "grow" counts its calls in itself. It comes to odd in
// place of the count at the odd tick.
type keeping struct {
	program
	oddTick int64
	odd     canon.Value
}

func (k keeping) NewRun(of vary.Run) (coordinator.Run, error) {
	run, err := k.program.NewRun(of)
	if err != nil {
		return nil, err
	}
	s := run.(*scheduler.Scheduler)
	calls := 0
	return keepingRun{s}, s.Add(scheduler.Task{Name: "calls", Run: func(_ context.Context, in *scheduler.Input) (any, error) {
		calls++
		if k.odd != "" && in.Tick() == k.oddTick {
			return k.odd, nil
		}
		return map[string]any{"calls": calls}, nil
	}})
}

type keepingRun struct{ *scheduler.Scheduler }

func (keepingRun) Stateful() bool { return true }

// A run whose tasks keep something is gone on with to the same frames as well, also in
// the middle of a tick, which they are not asked for twice.
func TestResumeStateful(t *testing.T) {
	t.Parallel()
	large := []events.DrillKind{"", "order"}
	for bulk, kinds := range map[int][]events.DrillKind{0: {"", "value", "missing"}, 12: large[:testsize.Sample(1, 2)]} {
		for _, kind := range kinds {
			t.Run(fmt.Sprintf("%d %s", bulk, kind), func(t *testing.T) {
				t.Parallel()
				r := request(2, 4)
				if kind != "" {
					r.Drill = &events.Drill{Run: 1, Tick: 4, Task: "grow", Kind: kind}
				}
				resumeAnywhere(t, r, func() (coordinator.Program, error) { return keeping{program: program{bulk}}, nil }, bulk > 0)
			})
		}
	}
}

// A run that comes to something else than its record when it is run again ends with that
// difference, which names the tick and both sides.
func TestRestartDiffers(t *testing.T) {
	for _, c := range []struct {
		odd             canon.Value
		pointer         string
		expected, found canon.Value
	}{
		{`{"calls":7}`, "/value/calls", "2", "7"},
		{`null`, "/value", `{"calls":2}`, "null"},
		{`{"more":1}`, "", "", ""}, // one side has no such member: the whole event is shown
	} {
		t.Run(string(c.odd), func(t *testing.T) {
			b := bustest.Open(t)
			whole := ask(t, b, request(2, 4))
			var odd atomic.Value
			odd.Store(canon.Value(""))
			start(t, b, func() (coordinator.Program, error) {
				return keeping{program{0}, 4, odd.Load().(canon.Value)}, nil // the second tick of the run
			})
			recorded := frames(t, b, whole, 2)
			odd.Store(c.odd)
			window := whole + 1
			last := uint64(0)
			for _, frame := range recorded[1][:3] {
				seq, err := b.Append(t.Context(), events.TraceSubject(events.RunKey{Pipeline: "p", Window: window, Run: 1}), last, rename(t, frame, window))
				if err != nil {
					t.Fatal(err)
				}
				last = seq
			}
			ask(t, b, request(2, 4))
			d := awaitDifference(t, b, window)
			if d.Kind != events.KindRestart || d.Tick != 4 || d.Task != "calls" || d.Pointer != c.pointer ||
				c.pointer != "" && (d.Expected != c.expected || d.Found != c.found) {
				t.Errorf("got %+v", d)
			}
		})
	}
}

// awaitDifference waits for the frame with which run 1 of a window ends.
func awaitDifference(t *testing.T, b *bus.Bus, window uint64) *events.Difference {
	t.Helper()
	var d events.FrameDecoder
	found := errors.New("found")
	err := b.Follow(t.Context(), events.StreamTrace, events.TraceSubject(events.RunKey{Pipeline: "p", Window: window, Run: 1}), 1, func(m bus.Message) error {
		if err := d.Decode(m.Data); err != nil {
			return err
		}
		if d.Difference != nil || d.Last() && d.Tick == d.FirstTick+d.Ticks-1 {
			return found
		}
		return nil
	})
	if !errors.Is(err, found) || d.Difference == nil {
		t.Fatalf("the run ended without a difference: %v", err)
	}
	return d.Difference
}
