package coordinator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/vary"
)

// counted is a program that counts its runs and waits before each of their ticks.
type counted struct {
	program
	runs   *atomic.Int64
	before func(ctx context.Context) error
}

func (p counted) NewRun(v vary.Run) (coordinator.Run, error) {
	p.runs.Add(1)
	run, err := p.program.NewRun(v)
	return &waitingRun{run, p.before}, err
}

type waitingRun struct {
	coordinator.Run
	before func(context.Context) error
}

func (r *waitingRun) Tick(ctx context.Context, number int64, budgets scheduler.Budgets, value any) (scheduler.Tick, error) {
	if err := r.before(ctx); err != nil {
		return scheduler.Tick{}, err
	}
	return r.Run.Tick(ctx, number, budgets, value)
}

func spread(runs int, ticks int64) *events.WindowRequest {
	r := request(runs, ticks)
	r.Spread = true
	return r
}

// with is a change of a coordinator whose program counts and waits.
func with(runs *atomic.Int64, before func(context.Context) error) func(*coordinator.Config) {
	return func(c *coordinator.Config) {
		c.Turns = 1
		c.Load = func(context.Context, *events.WindowRequest) (coordinator.Program, error) {
			return counted{program{0}, runs, before}, nil
		}
	}
}

// The runs of a window that compares machines come to all coordinators, those of another
// window to one.
func TestSpread(t *testing.T) {
	b := bustest.Open(t)
	const runs = 6
	var made [3]atomic.Int64
	all := make(chan struct{}) // closed when each has a run
	var have atomic.Int64
	for i := range made {
		first := true
		serve(t, b, with(&made[i], func(ctx context.Context) error {
			if first {
				first = false
				if have.Add(1) == int64(len(made)) {
					close(all)
				}
			}
			select {
			case <-all:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}))
	}
	wantGivenUp(t, b, ask(t, b, spread(runs, 3)), runs, "")
	sum := int64(0)
	for i := range made {
		n := made[i].Load()
		if n == 0 {
			t.Errorf("coordinator %d made no run", i)
		}
		sum += n
	}
	if sum != runs {
		t.Errorf("%d runs were made, want each of %d once", sum, runs)
	}
	before := [3]int64{made[0].Load(), made[1].Load(), made[2].Load()}
	wantGivenUp(t, b, ask(t, b, request(runs, 3)), runs, "")
	busy := 0
	for i := range made {
		if made[i].Load() > before[i] {
			busy++
		}
	}
	if busy != 1 {
		t.Errorf("%d coordinators made runs of a window that is not spread", busy)
	}
}

// The frames of a run that was handed out are those of any other.
func TestSpreadIsTheSame(t *testing.T) {
	b := bustest.Open(t)
	serve(t, b)
	alone, apart := frames(t, b, ask(t, b, request(2, 3)), 2), frames(t, b, ask(t, b, spread(2, 3)), 2)
	for run := range alone {
		for i := range alone[run] {
			var one, other events.FrameDecoder
			if err := errors.Join(one.Decode(alone[run][i]), other.Decode(apart[run][i])); err != nil {
				t.Fatal(err)
			}
			if string(one.Events()) != string(other.Events()) || string(one.Results()) != string(other.Results()) {
				t.Errorf("frame %d of run %d differs", i, run)
			}
		}
	}
}

// Groups of runs come before any plain run is handed out, whoever makes it.
func TestSpreadGroups(t *testing.T) {
	b := bustest.Open(t)
	for range 2 {
		serve(t, b, func(c *coordinator.Config) {
			c.Load = func(context.Context, *events.WindowRequest) (coordinator.Program, error) { return reduced{}, nil }
		})
	}
	r := spread(6, 3)
	r.Groups = []events.RunGroup{{Name: events.ShadowOff, Runs: []int{4, 5}, Tasks: []string{"look"}}}
	window := ask(t, b, r)
	wantGivenUp(t, b, window, 6, "")
	h, err := b.Next(t.Context(), events.StreamWindow, events.HandoutFilter(r.Kind, r.Pipeline), 1)
	if err != nil {
		t.Fatal(err)
	}
	for run, list := range frames(t, b, window, 6) {
		m, err := b.Last(t.Context(), events.StreamTrace, events.TraceSubject(keyOf(t, b, window).Run(run)))
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 3 || (run >= 4) != (m.At < h.At) {
			t.Errorf("run %d has %d frames, the last %d ns after the first run was handed out", run, len(list), m.At-h.At)
		}
	}
}

type reduced struct{ program }

func (r reduced) Without(context.Context, []string) (coordinator.Program, error) { return r, nil }

// A cancel stops the runs that are made anywhere, and those that nobody has taken.
func TestSpreadCancel(t *testing.T) {
	b := bustest.Open(t)
	var made [2]atomic.Int64
	never := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	begun := make(chan struct{}, 8)
	for i := range made {
		serve(t, b, with(&made[i], func(ctx context.Context) error {
			begun <- struct{}{}
			return never(ctx)
		}))
	}
	window := ask(t, b, spread(4, 3))
	<-begun
	<-begun
	if _, err := client.Cancel(t.Context(), b, keyOf(t, b, window), "too long"); err != nil {
		t.Fatal(err)
	}
	wantGivenUp(t, b, window, 4, "cancelled: too long")
	if sum := made[0].Load() + made[1].Load(); sum != 2 {
		t.Errorf("%d runs were begun", sum)
	}
}

// What is handed out and is no run of a window that asks for it is dropped, and holds up
// nobody; so is what stands in a run's place.
func TestBadHandouts(t *testing.T) {
	b := bustest.Open(t)
	alike := ask(t, b, request(2, 3))
	key := keyOf(t, b, alike)
	put := func(h events.Handout) {
		data, err := events.Encode(&h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Append(t.Context(), events.HandoutSubject(h.Kind, h.RunKey()), 0, data); err != nil {
			t.Fatal(err)
		}
	}
	good := events.Handout{Schema: events.HandoutSchema, Kind: events.Starlark, Pipeline: "p", Window: alike, Request: key.Request}
	for _, change := range []func(*events.Handout){
		func(h *events.Handout) {},
		func(h *events.Handout) { h.Run = 1; h.Request = nothing },
		func(h *events.Handout) { h.Run = 2 },
		func(h *events.Handout) { h.Window = 99 },
	} {
		h := good
		change(&h)
		put(h)
	}
	if _, err := b.Append(t.Context(), "ers.run.starlark.p.1.3", 0, []byte("no run")); err != nil {
		t.Fatal(err)
	}
	serve(t, b)
	wantGivenUp(t, b, alike, 2, "")
	wantGivenUp(t, b, ask(t, b, spread(3, 3)), 3, "")
}

// A run that ends whoever takes it is given up by itself; the others are made.
func TestSpreadTakenTooOften(t *testing.T) {
	b := bustest.Open(t)
	window := ask(t, b, spread(3, 2))
	key := keyOf(t, b, window)
	for last, takings := uint64(0), int64(1); takings <= 10; takings++ {
		data, err := events.Encode(&events.Control{Schema: events.ControlSchema, Verb: events.Taken,
			Pipeline: key.Pipeline, Window: key.Window, Request: key.Request, Takings: takings, Runs: []int{1}})
		if err != nil {
			t.Fatal(err)
		}
		if last, err = b.Append(t.Context(), events.ControlSubject(events.Taken, "p", window), last, data); err != nil {
			t.Fatal(err)
		}
	}
	serve(t, b, func(c *coordinator.Config) {
		c.Turns = 1
		c.Load = func(context.Context, *events.WindowRequest) (coordinator.Program, error) {
			return picky{program{0}}, nil
		}
	})
	for run, why := range endings(t, b, window, 3) {
		if (run == 1) != strings.Contains(why, "taken 10 times") || run != 1 && why != "" {
			t.Errorf("run %d: %q", run, why)
		}
	}
}

// picky is a program whose run 1 is never made.
type picky struct {
	program
}

func (p picky) NewRun(v vary.Run) (coordinator.Run, error) {
	run, err := p.program.NewRun(v)
	if v.Number != 1 {
		return run, err
	}
	return &waitingRun{run, func(context.Context) error { return fmt.Errorf("%w: it ends whoever takes it", coordinator.ErrAgain) }}, err
}

// told is a program whose runs say once on which machine they are.
type told struct {
	program
	host string
}

func (p told) NewRun(v vary.Run) (coordinator.Run, error) {
	run, err := p.program.NewRun(v)
	return &toldRun{run, canon.Value(`{"host":"` + p.host + `"}`)}, err
}

type toldRun struct {
	coordinator.Run
	around canon.Value
}

func (r *toldRun) Extra() events.Extra {
	x := events.Extra{Surroundings: r.around}
	r.around = ""
	return x
}

// Who goes on with a run says so in its first frame, in the middle of a tick too, and
// nowhere else.
func TestWhoGoesOnSaysSo(t *testing.T) {
	const ticks = 3
	r := request(2, ticks)
	on := func(host string) func() (coordinator.Program, error) {
		return func() (coordinator.Program, error) { return told{program{12}, host}, nil }
	}
	b := bustest.Open(t)
	stop := start(t, b, on("a"))
	whole := ask(t, b, r)
	all := frames(t, b, whole, 2)[1]
	stop()
	if len(all) < 2*ticks {
		t.Fatalf("%d frames: the ticks are not cut", len(all))
	}
	var windows []uint64
	for k := 1; k < len(all); k++ {
		window, last := whole+uint64(k), uint64(0)
		for _, frame := range all[:k] {
			var err error
			if last, err = b.Append(t.Context(), events.TraceSubject(events.RunKey{Pipeline: "p", Window: window, Run: 1}), last, rename(t, frame, window)); err != nil {
				t.Fatal(err)
			}
		}
		if got := ask(t, b, r); got != window {
			t.Fatalf("window %d where %d was expected", got, window)
		}
		windows = append(windows, window)
	}
	start(t, b, on("b"))
	for i, window := range windows {
		k := i + 1
		for n, frame := range frames(t, b, window, 2)[1] {
			var d events.FrameDecoder
			if err := d.Decode(frame); err != nil {
				t.Fatal(err)
			}
			want := canon.Value("")
			switch n {
			case 0:
				want = `{"host":"a"}`
			case k:
				want = `{"host":"b"}`
			}
			if d.Surroundings != want {
				t.Errorf("killed after %d frames: frame %d says %q, want %q", k, n, d.Surroundings, want)
			}
		}
	}
}
