package coordinator_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/testsize"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/vary"
)

// program has a task whose value grows by what it was in the previous tick, and some
// whose values are so big that a tick takes several frames.
type program struct{ bulky int }

func (p program) Context(i int64) canon.Value { return canon.Value(fmt.Sprintf(`{"i":%d}`, i)) }

func (p program) NewRun(vary.Run) (coordinator.Run, error) {
	s := scheduler.New()
	err := s.Add(
		scheduler.Task{Name: "grow", Run: func(_ context.Context, in *scheduler.Input) (any, error) {
			n := int64(0)
			if r, ok := in.PreviousResult("grow"); ok {
				n, _ = r.Value.Int()
			}
			return n + 1 + in.Tick(), nil
		}},
		scheduler.Task{Name: "look", Lane: events.Shadow, Run: func(_ context.Context, in *scheduler.Input) (any, error) { return in.Context(), nil }},
	)
	for i := range p.bulky {
		bulk := strings.Repeat("x", 200_000)
		err = errors.Join(err, s.Add(scheduler.Task{Name: fmt.Sprint("bulk ", i), Run: func(_ context.Context, _ *scheduler.Input) (any, error) { return bulk, nil }}))
	}
	return s, err
}

var nothing = canon.Sum(nil).String()

func request(runs int, ticks int64) *events.WindowRequest {
	return &events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: "p", DefinitionSHA256: nothing, ContextsSHA256: nothing,
		Runs: runs, FirstTick: 3, Ticks: ticks}
}

// ask puts a window request on the stream.
func ask(t testing.TB, b *bus.Bus, r *events.WindowRequest) (window uint64) {
	t.Helper()
	data, err := events.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	return askRaw(t, b, r.Pipeline, data)
}

func askRaw(t testing.TB, b *bus.Bus, pipeline string, data []byte) (window uint64) {
	t.Helper()
	last, err := b.Last(t.Context(), events.StreamWindow, events.WindowSubject(events.Starlark, pipeline))
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		t.Fatal(err)
	}
	if window, err = b.Append(t.Context(), events.WindowSubject(events.Starlark, pipeline), last.Seq, data); err != nil {
		t.Fatal(err)
	}
	return window
}

// start runs a coordinator until stop is called or the test ends.
func start(t testing.TB, b *bus.Bus, load func() (coordinator.Program, error)) (stop func()) {
	c := coordinator.New(coordinator.Config{Bus: b, Log: zerolog.New(zerolog.NewTestWriter(t)),
		Load: func(context.Context, *events.WindowRequest) (coordinator.Program, error) { return load() }})
	return bustest.Serve(t, c.Run)
}

func bulky(n int) func() (coordinator.Program, error) {
	return func() (coordinator.Program, error) { return program{n}, nil }
}

// frames waits until every run of the window has its end, and returns the frames of
// each run.
func frames(t testing.TB, b *bus.Bus, window uint64, runs int) [][][]byte {
	t.Helper()
	all := make([][][]byte, runs)
	errDone := errors.New("done")
	ended := 0
	err := b.Follow(t.Context(), events.StreamTrace, fmt.Sprintf("ers.trace.p.%d.*", window), 1, func(m bus.Message) error {
		var d events.FrameDecoder
		if err := d.Decode(m.Data); err != nil {
			return err
		}
		all[d.Run] = append(all[d.Run], m.Data)
		if d.Abandoned != "" || d.Last() && d.Tick == d.FirstTick+d.Ticks-1 {
			ended++
		}
		if ended == runs {
			return errDone
		}
		return nil
	})
	if !errors.Is(err, errDone) {
		t.Fatal(err)
	}
	return all
}

// A run that stopped after any of its frames, in the middle of a tick too, is gone
// on with to the same frames, whatever drill is part of the window.
func TestResumeAnywhere(t *testing.T) {
	t.Parallel()
	const ticks = 4
	large := []events.DrillKind{"", "value"}
	kinds := map[int][]events.DrillKind{
		0:  append([]events.DrillKind{""}, events.DrillKinds...),
		12: large[:testsize.Sample(1, 2)],
	}
	for bulk, kinds := range kinds {
		for _, kind := range kinds {
			t.Run(fmt.Sprintf("%d %s", bulk, kind), func(t *testing.T) {
				t.Parallel()
				r := request(2, ticks)
				if kind != "" {
					r.Drill = &events.Drill{Run: 1, Tick: 4, Task: "grow", Kind: kind}
				}
				resumeAnywhere(t, r, bulky(bulk), bulk > 0)
			})
		}
	}
}

// resumeAnywhere runs a window, and then windows of the same of which k frames are there
// already. cut: a tick takes several frames.
func resumeAnywhere(t *testing.T, r *events.WindowRequest, load func() (coordinator.Program, error), cut bool) {
	b := bustest.Open(t)
	whole := ask(t, b, r)
	start(t, b, load)
	want := frames(t, b, whole, 2)
	if cut && len(want[1]) < 2*int(r.Ticks) {
		t.Fatalf("%d frames: the ticks are not cut", len(want[1]))
	}
	// Each window stands where a coordinator was killed after k frames: they
	// are there before it is asked for.
	var windows []uint64
	for k := 1; k < len(want[1]); k++ {
		window := whole + uint64(k)
		for run := range want {
			last := uint64(0)
			for _, frame := range want[run][:min(k, len(want[run]))] {
				seq, err := b.Append(t.Context(), events.TraceSubject(events.RunKey{Pipeline: "p", Window: window, Run: run}), last, rename(t, frame, window))
				if err != nil {
					t.Fatal(err)
				}
				last = seq
			}
		}
		if got := ask(t, b, r); got != window {
			t.Fatalf("window %d where %d was expected", got, window)
		}
		windows = append(windows, window)
	}
	for k, window := range windows {
		got := frames(t, b, window, 2)
		for run := range want {
			if len(got[run]) != len(want[run]) {
				t.Fatalf("killed after frame %d: run %d has %d frames, want %d", k, run, len(got[run]), len(want[run]))
			}
			for i := range want[run] {
				if !bytes.Equal(got[run][i], rename(t, want[run][i], window)) {
					t.Errorf("killed after frame %d: frame %d of run %d differs", k, i, run)
				}
			}
		}
	}
}

// rename returns a frame as one of another window with a name of one digit.
func rename(t testing.TB, frame []byte, window uint64) []byte {
	name := []byte("\xa6window")
	i := bytes.Index(frame, name) + len(name)
	if i < len(name) || window > 127 || frame[i] > 127 {
		t.Fatal("no place for the window's name")
	}
	frame = bytes.Clone(frame)
	frame[i] = byte(window)
	return frame
}

// Every drill changes the run and the tick it names and no other.
func TestDrillsChangeOneTick(t *testing.T) {
	b := bustest.Open(t)
	start(t, b, bulky(0))
	for _, kind := range events.DrillKinds {
		r := request(2, 3)
		r.Drill = &events.Drill{Run: 1, Tick: 4, Task: "grow", Kind: kind}
		got := frames(t, b, ask(t, b, r), 2)
		var d [2]events.FrameDecoder
		for i := range got[0] {
			for run := range d {
				if err := d[run].Decode(got[run][i]); err != nil {
					t.Fatal(err)
				}
			}
			same := bytes.Equal(d[0].Events(), d[1].Events()) && bytes.Equal(d[0].Results(), d[1].Results())
			if same != (d[0].Tick != 4) {
				t.Errorf("%s: tick %d of the two runs is equal: %v", kind, d[0].Tick, same)
			}
		}
	}
}

// A window that has no program, or whose drill cannot be done, is given up with the
// reason; the runs that can be run are.
func TestGivesUp(t *testing.T) {
	b := bustest.Open(t)
	stop := start(t, b, func() (coordinator.Program, error) { return nil, fmt.Errorf("%w: because", coordinator.ErrProgram) })
	for run, frame := range frames(t, b, ask(t, b, request(2, 3)), 2) {
		wantAbandoned(t, run, frame, "because")
	}
	stop()
	start(t, b, bulky(0))
	r := request(2, 3)
	r.Drill = &events.Drill{Run: 1, Tick: 4, Task: "nobody", Kind: "value"}
	got := frames(t, b, ask(t, b, r), 2)
	wantAbandoned(t, 1, got[1], `no task "nobody"`)
	if len(got[0]) != 3 || len(got[1]) != 2 {
		t.Errorf("%d and %d frames", len(got[0]), len(got[1]))
	}
}

func wantAbandoned(t testing.TB, run int, frames [][]byte, reason string) {
	t.Helper()
	var d events.FrameDecoder
	if err := d.Decode(frames[len(frames)-1]); err != nil || !strings.Contains(d.Abandoned, reason) {
		t.Errorf("run %d: %q (%v), want %q", run, d.Abandoned, err, reason)
	}
}

// A request that is none does not keep the next from being run; nor does a run whose
// last frame is bad.
func TestBadRequests(t *testing.T) {
	b := bustest.Open(t)
	askRaw(t, b, "p", []byte("no request"))
	other := request(2, 3)
	other.Pipeline = "q"
	data, err := events.Encode(other)
	if err != nil {
		t.Fatal(err)
	}
	askRaw(t, b, "p", data) // on the subject of another pipeline
	dead := ask(t, b, request(2, 3))
	if _, err := b.Append(t.Context(), events.TraceSubject(events.RunKey{Pipeline: "p", Window: dead, Run: 1}), 0, []byte("no frame")); err != nil {
		t.Fatal(err)
	}
	window := ask(t, b, request(2, 3))
	start(t, b, bulky(0))
	frames(t, b, window, 2)
}

// An error of Load that is not final brings the window back.
func TestLoadIsTriedAgain(t *testing.T) {
	b := bustest.Open(t)
	tries := 0
	start(t, b, func() (coordinator.Program, error) {
		if tries++; tries == 1 {
			return nil, errors.New("not now")
		}
		return program{}, nil
	})
	frames(t, b, ask(t, b, request(2, 3)), 2)
}

// Two coordinators share the windows; each run has each of its frames once.
func TestTwoCoordinators(t *testing.T) {
	b := bustest.Open(t)
	start(t, b, bulky(0))
	start(t, b, bulky(0))
	var windows []uint64
	for range 12 {
		windows = append(windows, ask(t, b, request(4, 10)))
	}
	for _, window := range windows {
		for run, got := range frames(t, b, window, 4) {
			if len(got) != 10 {
				t.Errorf("run %d of window %d has %d frames", run, window, len(got))
			}
		}
	}
}

// odd is a program with one task, and a context that may be no good either.
type odd struct {
	task    func(context.Context, *scheduler.Input) (any, error)
	context func() canon.Value
	closed  chan string
}

func (p *odd) Context(int64) canon.Value { return p.context() }
func (p *odd) Close() error              { p.closed <- "program"; return nil }

func (p *odd) NewRun(vary.Run) (coordinator.Run, error) {
	s := scheduler.New()
	return s, s.Add(scheduler.Task{Name: "t", Run: p.task, Close: func() error { p.closed <- "run"; return nil }})
}

// Whatever a program of a user does, its window alone comes to harm.
func TestProgramsThatPanic(t *testing.T) {
	good := func(context.Context, *scheduler.Input) (any, error) { return 1, nil }
	null := func() canon.Value { return canon.Null }
	for reason, load := range map[string]func() (coordinator.Program, error){
		"the program of the window: panic: load": func() (coordinator.Program, error) { panic("load") },
		"a new run of the program: panic: run":   func() (coordinator.Program, error) { return panics{}, nil },
		"the program: panic: context": func() (coordinator.Program, error) {
			return &odd{good, func() canon.Value { panic("context") }, make(chan string, 99)}, nil
		},
		"ended the goroutine": func() (coordinator.Program, error) {
			return &odd{func(context.Context, *scheduler.Input) (any, error) { runtime.Goexit(); return nil, nil }, null, make(chan string, 99)}, nil
		},
	} {
		t.Run(reason, func(t *testing.T) {
			b := bustest.Open(t)
			first := true
			start(t, b, func() (coordinator.Program, error) {
				if first {
					first = false
					return load()
				}
				return program{}, nil
			})
			for run, got := range frames(t, b, ask(t, b, request(2, 3)), 2) {
				wantAbandoned(t, run, got, reason)
			}
			if got := frames(t, b, ask(t, b, request(2, 3)), 2); len(got[0]) != 3 {
				t.Errorf("the next window: %d frames", len(got[0]))
			}
		})
	}
}

type panics struct{}

func (panics) Context(int64) canon.Value                { return canon.Null }
func (panics) NewRun(vary.Run) (coordinator.Run, error) { panic("run") }

// Runs and programs are closed when the window is over.
func TestClose(t *testing.T) {
	b := bustest.Open(t)
	closed := make(chan string, 3)
	start(t, b, func() (coordinator.Program, error) {
		return &odd{func(context.Context, *scheduler.Input) (any, error) { return 1, nil }, func() canon.Value { return canon.Null }, closed}, nil
	})
	frames(t, b, ask(t, b, request(2, 3)), 2)
	if got := []string{<-closed, <-closed, <-closed}; !slices.Equal(got, []string{"run", "run", "program"}) {
		t.Error(got)
	}
}

// A coordinator stops though a task does not, and a stopped tick is not on the stream.
func TestStopsThoughATaskHangs(t *testing.T) {
	for name, hears := range map[string]bool{"deaf": false, "hears": true} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Open(t)
			hangs := make(chan struct{}, 2)
			stop := start(t, b, func() (coordinator.Program, error) {
				return &odd{func(stop context.Context, _ *scheduler.Input) (any, error) {
					hangs <- struct{}{}
					if !hears {
						select {}
					}
					<-stop.Done()
					return nil, stop.Err()
				}, func() canon.Value { return canon.Null }, make(chan string, 9)}, nil
			})
			window := ask(t, b, request(2, 3))
			<-hangs
			stop()
			_, err := b.Last(t.Context(), events.StreamTrace, fmt.Sprintf("ers.trace.p.%d.*", window))
			if !errors.Is(err, bus.ErrNotFound) {
				t.Errorf("there is a frame: %v", err)
			}
			start(t, b, bulky(0))
			frames(t, b, window, 2)
		})
	}
}
