package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

type runFunc = func(_ context.Context, _ *scheduler.Input) (any, error)

func returns(v any) runFunc {
	return func(_ context.Context, _ *scheduler.Input) (any, error) { return v, nil }
}

var plenty = scheduler.Budgets{
	Forecast: scheduler.Budget{Ops: 1000, Entropy: 1000},
	Shadow:   scheduler.Budget{Ops: 1000, Entropy: 1000},
}

func TestAddRefuses(t *testing.T) {
	good := scheduler.Task{Name: "a", Run: returns(nil)}
	with := func(change func(*scheduler.Task)) scheduler.Task {
		task := good
		task.Name = "b"
		change(&task)
		return task
	}
	for _, test := range []struct {
		task scheduler.Task
		want string
	}{
		{good, `task "a": there is a task of this name already`},
		{with(func(t *scheduler.Task) { t.Name = "" }), "a task has no name"},
		{with(func(t *scheduler.Task) { t.Name = "\xff" }), "not valid UTF-8"},
		{with(func(t *scheduler.Task) { t.Lane = 7 }), "unknown lane 7"},
		{with(func(t *scheduler.Task) { t.Cost.Ops = -1 }), "-1 ops is negative"},
		{with(func(t *scheduler.Task) { t.Cost.Entropy = -2 }), "-2 entropy is negative"},
		{with(func(t *scheduler.Task) { t.Run = nil }), "no function"},
		{with(func(t *scheduler.Task) { t.Tags = []string{"\xff"} }), "tags"},
		{with(func(t *scheduler.Task) { t.Tags = []string{strings.Repeat("x", scheduler.MaxDescription)} }), "at most"},
	} {
		s := scheduler.New()
		if err := s.Add(good); err != nil {
			t.Fatal(err)
		}
		err := s.Add(scheduler.Task{Name: "other", Run: returns(nil)}, test.task)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Add: %v, want %q", err, test.want)
		}
		tick, err := s.Tick(context.Background(), 0, plenty, nil)
		if err != nil || len(tick.Events) != 1 {
			t.Errorf("after %q: %d tasks (%v), want the first alone", test.want, len(tick.Events), err)
		}
	}
}

func TestTickRefuses(t *testing.T) {
	ran := false
	s := scheduler.New()
	if err := s.Add(scheduler.Task{Name: "a", Run: func(_ context.Context, _ *scheduler.Input) (any, error) { ran = true; return nil, nil }}); err != nil {
		t.Fatal(err)
	}
	bad := plenty
	bad.Shadow.Entropy = -1
	for want, call := range map[string]func() (scheduler.Tick, error){
		"tick -1":       func() (scheduler.Tick, error) { return s.Tick(context.Background(), -1, plenty, nil) },
		"negative":      func() (scheduler.Tick, error) { return s.Tick(context.Background(), 0, bad, nil) },
		"context of ti": func() (scheduler.Tick, error) { return s.Tick(context.Background(), 0, plenty, make(chan int)) },
	} {
		if _, err := call(); err == nil || !strings.Contains(err.Error(), want) || ran {
			t.Errorf("got %v (ran: %v), want %q", err, ran, want)
		}
	}
}

func TestStatuses(t *testing.T) {
	var nilMap map[string]int
	for _, test := range []struct {
		run    runFunc
		status events.Status
		value  canon.Value
		text   string
	}{
		{returns(1.0), events.OK, "1.0", ""},
		{returns(nil), events.OK, "null", ""},
		{func(_ context.Context, _ *scheduler.Input) (any, error) { return 1, errors.New("boom") }, events.Error, "null", "boom"},
		{func(_ context.Context, _ *scheduler.Input) (any, error) { return 1, scheduler.NotComputable("no data") }, events.NotComputable, "null", "no data"},
		{func(_ context.Context, _ *scheduler.Input) (any, error) {
			return 1, fmt.Errorf("here: %w", scheduler.ErrNotComputable)
		}, events.NotComputable, "null", "here: not computable"},
		{func(_ context.Context, _ *scheduler.Input) (any, error) { nilMap["a"]++; return 1, nil }, events.Error, "null", "panic: assignment to entry in nil map"},
		{func(_ context.Context, _ *scheduler.Input) (any, error) { return nil, errors.New("a\xffb") }, events.Error, "null", "a\uFFFDb"},
		{func(_ context.Context, _ *scheduler.Input) (any, error) { return nil, (*brokenError)(nil) }, events.Error, "null", "panic: runtime error: invalid memory address or nil pointer dereference"},
		{returns(canon.Value(`{"a":1}`)), events.OK, `{"a":1}`, ""},
		{returns(canon.Value(`{"a": 1}`)), events.Error, "null", "the result has no canonical form: "},
		{returns(canon.Value("")), events.Error, "null", "the result has no canonical form: "},
		{returns(make(chan int)), events.Error, "null", "the result has no canonical form: "},
		{returns(strings.Repeat("x", scheduler.MaxValue)), events.Error, "null", "the result takes 262146 canonical bytes"},
	} {
		s := scheduler.New()
		if err := s.Add(scheduler.Task{Name: "a", Cost: scheduler.Cost{Ops: 3, Entropy: 2}, Run: test.run}); err != nil {
			t.Fatal(err)
		}
		tick, err := s.Tick(context.Background(), 5, plenty, nil)
		if err != nil {
			t.Fatal(err)
		}
		r := tick.Results[0]
		if r.Status != test.status || r.Value != test.value || !strings.HasPrefix(r.Error, test.text) || (test.text == "") != (r.Error == "") {
			t.Errorf("got %s %s %q, want %s %s %q", r.Status, r.Value, r.Error, test.status, test.value, test.text)
		}
		if tick.Events[0].Status != test.status || tick.Remaining.Forecast != (scheduler.Budget{Ops: 997, Entropy: 998}) {
			t.Errorf("event %+v, remaining %+v: an attempt is paid for", tick.Events[0], tick.Remaining)
		}
	}
}

type brokenError struct{ text string }

func (b *brokenError) Error() string { return b.text }

// What tasks see of each other: forecast nothing of shadow, shadow everything before
// it, and of the previous tick the forecast lane.
func TestVisibility(t *testing.T) {
	saw := make(map[string][]string)
	look := func(name string) runFunc {
		return func(_ context.Context, in *scheduler.Input) (any, error) {
			for r := range in.Results() {
				saw[name] = append(saw[name], r.Name)
			}
			for r := range in.Previous() {
				saw[name] = append(saw[name], "previous "+r.Name)
			}
			if _, ok := in.Result("nobody"); ok {
				return nil, errors.New("a result of nobody")
			}
			return in.Tick(), nil
		}
	}
	s := scheduler.New()
	for _, name := range []string{"s2", "f2", "s1", "f1"} {
		lane := events.Forecast
		if name[0] == 's' {
			lane = events.Shadow
		}
		if err := s.Add(scheduler.Task{Name: name, Lane: lane, Run: look(name)}); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string][]string{"f1": nil, "f2": {"f1"}, "s1": {"f1", "f2"}, "s2": {"f1", "f2", "s1"}}
	for tick := range int64(2) {
		clear(saw)
		if _, err := s.Tick(context.Background(), tick, plenty, nil); err != nil {
			t.Fatal(err)
		}
		for name, names := range want {
			if tick > 0 {
				names = append(slices.Clone(names), "previous f1", "previous f2")
			}
			if diff := cmp.Diff(names, saw[name], cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("tick %d, %s saw (-want +got):\n%s", tick, name, diff)
			}
		}
	}
}

// A run that is resumed with the previous results goes on as if it had not stopped.
func TestSetPrevious(t *testing.T) {
	grow := func(_ context.Context, in *scheduler.Input) (any, error) {
		n := int64(0)
		if r, ok := in.PreviousResult("f"); ok {
			n, _ = r.Value.Int()
		}
		return n + 1, nil
	}
	fresh := func() *scheduler.Scheduler {
		s := scheduler.New()
		err := s.Add(scheduler.Task{Name: "f", Run: grow}, scheduler.Task{Name: "s", Lane: events.Shadow, Run: grow})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	whole := fresh()
	for tick := range int64(5) {
		want, err := whole.Tick(context.Background(), tick, plenty, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tick == 3 {
			resumed := fresh()
			resumed.SetPrevious(want.Results)
			next, _ := whole.Tick(context.Background(), 4, plenty, nil)
			got, err := resumed.Tick(context.Background(), 4, plenty, nil)
			if diff := cmp.Diff(next, got); diff != "" || err != nil {
				t.Errorf("resumed (-want +got): %v\n%s", err, diff)
			}
			return
		}
	}
}

// naive is the scheduler as its law reads, without regard to speed.
func naive(tasks []scheduler.Task, tick int64, left scheduler.Budgets) ([]string, scheduler.Budgets) {
	var trace []string
	for lane := events.Forecast; lane <= events.Shadow; lane++ {
		todo := slices.Clone(tasks)
		for len(todo) > 0 {
			next := 0
			for i, t := range todo {
				if t.Priority < todo[next].Priority || t.Priority == todo[next].Priority && slices.Compare([]rune(t.Name), []rune(todo[next].Name)) < 0 {
					next = i
				}
			}
			t := todo[next]
			todo = slices.Delete(todo, next, next+1)
			if t.Lane != lane {
				continue
			}
			budget := &left.Forecast
			if lane == events.Shadow {
				budget = &left.Shadow
			}
			if t.Cost.Ops <= budget.Ops && t.Cost.Entropy <= budget.Entropy {
				budget.Ops -= t.Cost.Ops
				budget.Entropy -= t.Cost.Entropy
				trace = append(trace, fmt.Sprintln(tick, t.Name, lane, "ok", t.Cost))
			} else {
				trace = append(trace, fmt.Sprintln(tick, t.Name, lane, "skipped_budget", t.Cost))
			}
		}
	}
	return trace, left
}

func TestAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		small := rapid.Int64Range(0, 6)
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[ab:é日😀]{1,3}`), 0, 12, rapid.ID).Draw(t, "names")
		var tasks []scheduler.Task
		for _, name := range names {
			tasks = append(tasks, scheduler.Task{
				Name: name, Lane: events.Lane(rapid.IntRange(0, 1).Draw(t, "lane")),
				Priority: rapid.Int64Range(-1, 1).Draw(t, "priority"),
				Cost:     scheduler.Cost{Ops: small.Draw(t, "ops"), Entropy: small.Draw(t, "entropy")},
				Run:      returns(nil),
			})
		}
		budget := func() scheduler.Budget {
			return scheduler.Budget{Ops: small.Draw(t, "b") * 3, Entropy: small.Draw(t, "b") * 3}
		}
		budgets := scheduler.Budgets{Forecast: budget(), Shadow: budget()}
		s := scheduler.New()
		half := len(tasks) / 2
		if err := s.Add(tasks[:half]...); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Tick(context.Background(), 0, budgets, nil); err != nil { // sorts what is there
			t.Fatal(err)
		}
		if err := s.Add(tasks[half:]...); err != nil {
			t.Fatal(err)
		}
		got, err := s.Tick(context.Background(), 9, budgets, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, left := naive(tasks, 9, budgets)
		var trace []string
		for _, e := range got.Events {
			trace = append(trace, fmt.Sprintln(e.Tick, e.Task, e.Lane, e.Status, scheduler.Cost{Ops: e.CostOps, Entropy: e.CostEntropy}))
		}
		if diff := cmp.Diff(want, trace, cmpopts.EquateEmpty()); diff != "" || got.Remaining != left {
			t.Fatalf("remaining %+v, want %+v; trace (-want +got):\n%s", got.Remaining, left, diff)
		}
	})
}

func BenchmarkTick(b *testing.B) {
	for _, n := range []int{5, 50, 500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := scheduler.New()
			for i := range n {
				if err := s.Add(scheduler.Task{Name: fmt.Sprintf("task:%03d", i), Lane: events.Lane(i % 2), Run: returns(nil)}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for tick := int64(0); b.Loop(); tick++ {
				if _, err := s.Tick(context.Background(), tick, plenty, canon.Null); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// A tick that was stopped leaves nothing behind: no results, and nothing that the next
// tick sees. A task is shown the word to stop, and no deadline or value.
func TestStop(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "run 3"))
	s := scheduler.New()
	closed := 0
	err := s.Add(
		scheduler.Task{Name: "a", Run: func(stop context.Context, in *scheduler.Input) (any, error) {
			_, deadline := stop.Deadline()
			_, before := in.PreviousResult("a")
			if deadline || stop.Value(key{}) != nil {
				t.Errorf("a deadline: %v, a value: %v", deadline, stop.Value(key{}))
			}
			return before, nil
		}, Close: func() error { closed++; return errors.New("no") }},
		scheduler.Task{Name: "b", Run: func(stop context.Context, _ *scheduler.Input) (any, error) {
			if stop.Done() == nil { // the second time
				return nil, nil
			}
			own, end := context.WithCancel(stop)
			defer end()
			cancel()
			<-own.Done()
			return nil, stop.Err()
		}},
		scheduler.Task{Name: "c", Run: func(context.Context, *scheduler.Input) (any, error) {
			if ctx.Err() != nil && closed == 0 {
				closed--
			}
			return nil, nil
		}},
	)
	if err != nil {
		t.Fatal(err)
	}
	if tick, err := s.Tick(ctx, 0, plenty, nil); !errors.Is(err, context.Canceled) || tick.Events != nil || closed != 0 {
		t.Errorf("a stopped tick: %+v, %v; the task after it ran: %v", tick, err, closed != 0)
	}
	tick, err := s.Tick(context.Background(), 0, plenty, nil)
	if err != nil || tick.Results[0].Value != "false" {
		t.Errorf("the tick after it: %v, %+v", err, tick.Results)
	}
	closed = 0
	if err := s.Close(); closed != 1 || err == nil || err.Error() != `task "a": close: no` {
		t.Errorf("closed %d times: %v", closed, err)
	}
}
