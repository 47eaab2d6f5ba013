package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/service/feed"
	"abraxas.dev/ers/pkg/service/gate"
	"abraxas.dev/ers/pkg/service/hasher"
	"abraxas.dev/ers/pkg/vary"
)

// start runs a service until the test ends.
func start(t testing.TB, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// startServices starts a coordinator, and two hashers and gates that compete.
func startServices(t testing.TB, b *bus.Bus) {
	start(t, coordinator.New(coordinator.Config{Bus: b, Load: load, Log: zerolog.Nop()}).Run)
	for range 2 {
		start(t, hasher.New(hasher.Config{Bus: b, Log: zerolog.Nop()}).Run)
		start(t, gate.New(gate.Config{Bus: b, Log: zerolog.Nop()}).Run)
	}
	start(t, feed.New(feed.Config{Bus: b, Log: zerolog.Nop()}).Run)
}

// program is a pipeline of Go functions; each run counts as another.
type program struct{ name string }

var errNoObject = fmt.Errorf("%w: no such definition", coordinator.ErrProgram)

func load(ctx context.Context, q *events.WindowRequest) (coordinator.Program, error) {
	if q.Reproduce == "impossible" {
		return nil, errNoObject
	}
	return &program{q.Reproduce}, nil
}

func (p *program) Context(i int64) canon.Value { return canon.Value(fmt.Sprintf(`{"i":%d}`, i)) }

func (p *program) NewRun(vary.Run) (coordinator.Run, error) {
	s := scheduler.New()
	calls := 0
	task := func(name string, lane events.Lane, value func(_ context.Context, in *scheduler.Input) (any, error)) scheduler.Task {
		return scheduler.Task{Name: name, Lane: lane, Cost: scheduler.Cost{Ops: 1}, Tags: []string{"é", "\u001f"}, Run: value}
	}
	address := fmt.Sprintf("%p", s)
	return s, s.Add(
		task("a/~b", events.Forecast, func(_ context.Context, in *scheduler.Input) (any, error) {
			return map[string]any{"f": []any{1.0, 1, true, 1e-5, in.Context()}, "tick": in.Tick()}, nil
		}),
		task("big", events.Forecast, func(_ context.Context, _ *scheduler.Input) (any, error) {
			if p.name == "big" {
				return strings.Repeat("é", 100<<10), nil
			}
			return nil, nil
		}),
		task("big too", events.Shadow, func(_ context.Context, _ *scheduler.Input) (any, error) {
			if p.name == "big" {
				return strings.Repeat("日", 80<<10), nil
			}
			return 0.5, nil
		}),
		task("fails", events.Shadow, func(_ context.Context, _ *scheduler.Input) (any, error) { return nil, errors.New("no\nway") }),
		task("odd", events.Shadow, func(_ context.Context, _ *scheduler.Input) (any, error) {
			calls++
			if p.name == "odd" && calls > 2 {
				return address, nil
			}
			return nil, scheduler.NotComputable("not yet")
		}),
	)
}

// submit requests a window, and returns its number.
func submit(t testing.TB, b *bus.Bus, change func(*events.WindowRequest)) uint64 {
	t.Helper()
	s := newScript(t, b)
	var tasks []any
	for _, task := range [][2]string{{"a/~b", "forecast"}, {"big", "forecast"}, {"big too", "shadow"}, {"fails", "shadow"}, {"odd", "shadow"}} {
		tasks = append(tasks, map[string]any{"name": task[0], "lane": task[1], "priority": 0, "cost": map[string]any{"ops": 1, "entropy": 0}, "tags": []string{"é", "\u001f"}})
	}
	definition, err := canon.Of(map[string]any{"schema": definitionSchema, "kind": events.Starlark, "name": pipeline, "tasks": tasks})
	s.must(err)
	q := events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: pipeline, DefinitionSHA256: s.put(string(definition)), ContextsSHA256: s.put("{}\n"),
		Runs: 4, Ticks: 5, Budget: events.Budgets{Forecast: events.Budget{Ops: 10}, Shadow: events.Budget{Ops: 10}}}
	change(&q)
	return s.append(events.WindowSubject(q.Kind, pipeline), s.encode(&q))
}

// awaitVerdicts waits for the verdicts of so many windows, and returns their outcomes.
func awaitVerdicts(t testing.TB, b *bus.Bus, n int) map[uint64]*events.Verdict {
	t.Helper()
	enough := errors.New("enough")
	verdicts := map[uint64]*events.Verdict{}
	err := b.Follow(t.Context(), events.StreamVerdict, "", 1, func(m bus.Message) error {
		v := new(events.Verdict)
		if err := events.Decode(m.Data, v); err != nil {
			return err
		}
		if verdicts[v.Window] = v; len(verdicts) == n {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
	return verdicts
}

// awaitShown waits until so many windows are on ERS_VIZ.
func awaitShown(t testing.TB, b *bus.Bus, n int) {
	t.Helper()
	enough := errors.New("enough")
	err := b.Follow(t.Context(), events.StreamViz, events.StabilitySubjects, 1, func(bus.Message) error {
		if n--; n == 0 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
}

// What the services write passes, whatever the verdicts are.
func TestServices(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	startServices(t, b)
	want := map[uint64]string{}
	latch := canon.Sum([]byte("another")).String()
	request := func(outcome string, change func(*events.WindowRequest)) { want[submit(t, b, change)] = outcome }
	request("pass", func(q *events.WindowRequest) {})
	request("pass", func(q *events.WindowRequest) { q.Reproduce, q.Ticks, q.Runs = "big", 3, 2 })
	request("pass", func(q *events.WindowRequest) { q.Budget.Shadow.Ops = 2 })
	request("fail type", func(q *events.WindowRequest) {
		q.Reproduce, q.Ticks, q.Runs = "big", 3, 2
		q.Drill = &events.Drill{Run: 1, Tick: 1, Task: "big too", Kind: "type"}
	})
	request("fail value", func(q *events.WindowRequest) {
		q.Reproduce, q.Ticks, q.Runs = "big", 3, 2
		q.Drill = &events.Drill{Run: 1, Tick: 1, Task: "big", Kind: "value"}
	})
	request("fail value", func(q *events.WindowRequest) { q.Reproduce, q.Runs = "odd", 20 })
	request("fail latch", func(q *events.WindowRequest) { q.Latch = &events.Latch{Trace: latch} })
	request("inconclusive", func(q *events.WindowRequest) { q.Reproduce, q.FirstTick = "impossible", 3 })
	request("inconclusive", func(q *events.WindowRequest) {
		q.Drill = &events.Drill{Run: 3, Tick: 2, Task: "no such task", Kind: "cost"}
	})
	for _, kind := range events.DrillKinds {
		for _, task := range []string{"a/~b", "fails", "odd"} {
			outcome := "fail " + string(kind)
			if kind == "value" && task != "a/~b" {
				outcome = "fail type" // null has no other value
			}
			request(outcome, func(q *events.WindowRequest) {
				q.Drill = &events.Drill{Run: len(task) % 4, Tick: 4, Task: task, Kind: kind}
			})
		}
	}
	// An audit while the services are at work finds nothing either.
	for n := int64(0); n < int64(len(want)); {
		r, err := Run(t.Context(), b, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.New > 0 {
			t.Fatalf("%s", r.AppendText(nil))
		}
		n = r.Verdicts
	}
	verdicts := awaitVerdicts(t, b, len(want))
	for id, v := range verdicts {
		got := string(v.Outcome)
		if v.Divergence != nil {
			got += " " + string(v.Divergence.Kind)
		}
		if got != want[id] {
			t.Errorf("window %d: %s, want %s (%+v, %+v)", id, got, want[id], v.Drill, v.Problems)
		}
	}
	awaitShown(t, b, len(want))
	r := audit(t, b, 0)
	if r.Outcome != events.Pass || r.New != 0 || r.Verdicts != int64(len(want)) || r.UnjudgedCount != 0 {
		t.Errorf("%s", r.AppendText(nil))
	}
	for _, f := range r.Findings {
		if o := verdicts[f.Window].Outcome; o != events.Inconclusive || f.Kind != Gap {
			t.Errorf("%s, in a window that is %s", f, o)
		}
	}
	for id := range uint64(9) { // those that are no drills, alone
		r, err := Run(t.Context(), b, Options{Window: id + 1})
		if err != nil {
			t.Fatal(err)
		}
		if r.Outcome != events.Pass {
			t.Errorf("window %d: %s", id+1, r.AppendText(nil))
		}
	}
}

// What the hasher has found to be bad is confirmed and known; no verdict rests on it.
func TestConfirmed(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	var scripts []*script
	for _, c := range frameForgeries {
		s := newScript(t, b)
		s.frames = run1(func(f [][]byte) [][]byte { return c.forge(s, f) })
		scripts = append(scripts, s)
	}
	longer := newScript(t, b) // than the window asks for
	longer.frames = func(run int, _ [][]byte) [][]byte {
		f, _ := cutFrames(t, longer.window, run, 5, []events.Tick{testTick(5), testTick(6), testTick(7), testTick(8), testTick(9)})
		return f
	}
	for _, s := range append(scripts, longer) {
		s.digests = func(int, []*events.Digest) []*events.Digest { return nil }
		s.verdict = func(v *events.Verdict) { v.Schema = "" }
		s.write()
	}
	start(t, hasher.New(hasher.Config{Bus: b, Log: zerolog.Nop()}).Run)
	start(t, gate.New(gate.Config{Bus: b, Log: zerolog.Nop()}).Run)
	awaitVerdicts(t, b, len(scripts)+1)
	var all []want
	for i, c := range frameForgeries {
		s := scripts[i]
		w := want{c.kind, onTrace, s.frameSeqs[1][c.at(len(s.frameSeqs[1]))], 1, c.tick, true, c.message}
		all = append(all, w)
		check(t, s.audit(), events.Pass, w)
	}
	for run := range 3 {
		all = append(all, want{Contradiction, onTrace, longer.frameSeqs[run][0], run, 5, true, "a run of 5 ticks from tick 5, but the window asks for 4 from tick 5"})
	}
	check(t, audit(t, b, 0), events.Pass, all...)
}

// A forged digest that a hasher has disputed is known.
func TestDisputed(t *testing.T) {
	b := bustest.Open(t)
	s := newScript(t, b)
	s.digests = func(run int, list []*events.Digest) []*events.Digest {
		if run == 1 {
			list[0].State = "A" + list[0].State
			return list[:1]
		}
		return nil
	}
	s.verdict = func(v *events.Verdict) { v.Schema = "" }
	s.write()
	unreadable := s.append(events.DigestSubject(s.key(2)), []byte("{}"))
	start(t, hasher.New(hasher.Config{Bus: b, Log: zerolog.Nop()}).Run)
	start(t, gate.New(gate.Config{Bus: b, Log: zerolog.Nop()}).Run)
	awaitVerdicts(t, b, 1)
	check(t, s.audit(), events.Pass, want{Difference, onDigest, s.digestSeqs[1][0], 1, -1, true, "/state is"},
		want{Contradiction, onDigest, unreadable, 2, -1, true, "a digest that cannot be read"})
}

// Runs that end with a difference of their own, in the middle of a tick too, and runs of
// open length, as hasher and gate take them.
func TestEndings(t *testing.T) {
	b := bustest.Open(t)
	bare := func() *script {
		s := newScript(t, b)
		s.digests = func(int, []*events.Digest) []*events.Digest { return nil }
		s.verdict = func(v *events.Verdict) { v.Schema = "" }
		return s
	}
	differs := func(at func(f [][]byte) int) *script {
		s := bare()
		s.frames = run1(func(f [][]byte) [][]byte {
			n := at(f)
			frame, err := events.AppendDifference(nil, events.Position{Request: s.window.Request, RunKey: s.key(1), FirstTick: 5, Ticks: 4, Tick: 6, Total: 5},
				&events.Difference{Kind: events.KindRestart, Tick: 6, EventIndex: 1, Task: "filter", Pointer: "/value", Expected: "1", Found: `{"a":2}`})
			s.must(err)
			return append(f[:n:n], frame)
		})
		return s.write()
	}
	wholeTick := differs(func(f [][]byte) int { return len(f) / 4 })
	within := differs(func(f [][]byte) int { return len(f)/4 + 1 })

	open := bare()
	open.request = func(q *events.WindowRequest) { q.Ticks = 0 }
	open.frames = func(run int, _ [][]byte) (frames [][]byte) {
		for number := int64(5); number < 8; number++ {
			tick := testTick(number)
			p := events.Position{Request: open.window.Request, RunKey: open.key(run), FirstTick: 5, Tick: number, Total: 5}
			err := new(events.FrameEncoder).Encode(p, &tick, 1<<20, func(frame []byte, _ int) error {
				frame, err := new(events.Extra).Add(frame, &p, number == 7)
				frames = append(frames, frame)
				return err
			})
			open.must(err)
		}
		return frames
	}
	open.write()

	start(t, hasher.New(hasher.Config{Bus: b, Log: zerolog.Nop()}).Run)
	start(t, gate.New(gate.Config{Bus: b, Log: zerolog.Nop()}).Run)
	verdicts := awaitVerdicts(t, b, 3)
	for _, s := range []*script{wholeTick, within} {
		if v := verdicts[s.id]; v.Outcome != events.Fail || v.Divergence.Kind != events.KindRestart {
			t.Errorf("window %d: %+v", s.id, v)
		}
	}
	if v := verdicts[open.id]; v.Outcome != events.Pass {
		t.Errorf("open window: %+v", v)
	}
	check(t, audit(t, b, 0), events.Pass)
}
