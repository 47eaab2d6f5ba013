package budgets

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

// ops is a budget of ops for the forecast lane, with enough for the shadow lane.
func ops(n int64) events.Budgets {
	return events.Budgets{Forecast: events.Budget{Ops: n}, Shadow: events.Budget{Ops: 100}}
}

func window(name string, b events.Budgets) Window {
	return Window{uint64(len(name)), &events.WindowRequest{Pipeline: "p", Ticks: 3, Budget: b, BudgetName: name}, events.Pass}
}

// task has its turn in the order of the names.
func task(name string, lane events.Lane, cost events.Budget) scheduler.Task {
	return scheduler.Task{Name: name, Lane: lane, Cost: cost, Run: func(context.Context, *scheduler.Input) (any, error) { return 1, nil }}
}

// compareAll schedules each window, and compares what comes of it.
func compareAll(t rapid.TB, windows []Window, tasks []scheduler.Task) (*Report, [][]*events.Tick) {
	t.Helper()
	c, err := New(windows)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]*events.Tick
	for number := range windows[0].Request.Ticks {
		ticks := make([]*events.Tick, len(windows))
		for i := range windows {
			if !windows[i].Passed() {
				continue
			}
			s := scheduler.New()
			if err := s.Add(tasks...); err != nil {
				t.Fatal(err)
			}
			tick, err := s.Tick(context.Background(), number, windows[i].Request.Budget, canon.Null)
			if err != nil {
				t.Fatal(err)
			}
			ticks[i] = &tick.Tick
		}
		all = append(all, ticks)
		if err := c.Add(ticks); err != nil {
			t.Fatal(err)
		}
	}
	return c.Report(), all
}

// greedy has a dear task that only the larger budget affords, before one that then finds
// too little left.
var greedy = []scheduler.Task{
	task("a first", events.Forecast, events.Budget{Ops: 10}),
	task("b dear", events.Forecast, events.Budget{Ops: 60}),
	task("c late", events.Forecast, events.Budget{Ops: 30}),
	task("d watch", events.Shadow, events.Budget{Ops: 1}),
}

func TestAnomaly(t *testing.T) {
	r, _ := compareAll(t, []Window{window("tight", ops(40)), window("nominal", ops(80)), window("generous", ops(100))}, greedy)
	skipped := map[string][]int64{"a first": {0, 0, 0}, "b dear": {3, 0, 0}, "c late": {0, 3, 0}, "d watch": {0, 0, 0}}
	for _, row := range r.Tasks {
		for i, n := range row.Skipped {
			if *n != skipped[row.Task][i] {
				t.Errorf("%s is skipped in %d ticks at %s, want %d", row.Task, *n, r.Budgets[i].Name, skipped[row.Task][i])
			}
		}
	}
	want := `[{"task":"c late","lane":"forecast","smaller":"tight","larger":"nominal","first_tick":0,"ticks":3,"lacks":["ops"],"used_by":[{"task":"b dear","ops":60,"entropy":0}]}]`
	if got, err := json.Marshal(r.Anomalies); err != nil || string(got) != want {
		t.Errorf("anomalies %s (%v)\nwant %s", got, err, want)
	}
	if r.Compared != 3 || len(r.Unordered) != 0 || len(r.Tasks) != 4 {
		t.Errorf("compared %d, unordered %v, %d tasks", r.Compared, r.Unordered, len(r.Tasks))
	}
}

// The order in which budgets are given does not matter; a window that did not pass takes
// no part, and neither does a pair of which none is the larger.
func TestNotCompared(t *testing.T) {
	odd := ops(90)
	odd.Shadow.Ops = 0
	failed := window("tiny", ops(1))
	failed.Outcome = events.Fail
	r, _ := compareAll(t, []Window{window("nominal", ops(80)), window("odd", odd), failed, window("tight", ops(40)), window("same", ops(40))}, greedy)
	if !slices.Equal(r.Unordered, [][2]string{{"nominal", "odd"}, {"odd", "tight"}, {"odd", "same"}}) || r.Compared != 2 {
		t.Errorf("unordered %v, compared %d", r.Unordered, r.Compared)
	}
	if r.Tasks[0].Skipped[2] != nil || *r.Tasks[3].Skipped[1] != 3 {
		t.Errorf("skipped %v", r.Tasks)
	}
	if len(r.Anomalies) != 2 || r.Anomalies[0].Smaller != "tight" || r.Anomalies[1].Smaller != "same" || r.Anomalies[1].Larger != "nominal" {
		t.Errorf("anomalies %+v", r.Anomalies)
	}
}

// Whatever the costs and budgets: what drops out is what a dumb look at all pairs of ticks
// finds, and always has a task that used up what lacks.
func TestAnomalyTwin(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		cost := rapid.Custom(func(t *rapid.T) events.Budget {
			return events.Budget{Ops: rapid.Int64Range(0, 9).Draw(t, "ops"), Entropy: rapid.Int64Range(0, 3).Draw(t, "entropy")}
		})
		var tasks []scheduler.Task
		for i := range rapid.IntRange(1, 8).Draw(t, "tasks") {
			lane := events.Lane(rapid.IntRange(0, 1).Draw(t, "lane"))
			tasks = append(tasks, task(fmt.Sprint("t", i), lane, cost.Draw(t, "cost")))
		}
		var windows []Window
		for i := range rapid.IntRange(2, 4).Draw(t, "windows") {
			budget := events.Budgets{Forecast: cost.Draw(t, "forecast"), Shadow: cost.Draw(t, "shadow")}
			if i > 0 && rapid.Bool().Draw(t, "larger") {
				last := &windows[i-1].Request.Budget
				budget.Forecast, budget.Shadow = sum(budget.Forecast, last.Forecast), sum(budget.Shadow, last.Shadow)
			}
			w := window(fmt.Sprint("b", i), budget)
			w.Request.Ticks = 2
			windows = append(windows, w)
		}
		r, ticks := compareAll(t, windows, tasks)
		var want, got []string
		for i := range windows {
			for k := range windows {
				if i == k || windows[i].Request.Budget == windows[k].Request.Budget || !covers(&windows[k].Request.Budget, &windows[i].Request.Budget) {
					continue
				}
				for e := range tasks {
					if ticks[0][i].Events[e].Status == events.OK && ticks[0][k].Events[e].Status == events.SkippedBudget {
						want = append(want, fmt.Sprint(ticks[0][i].Events[e].Task, windows[i].Request.BudgetName, windows[k].Request.BudgetName, 2))
					}
				}
			}
		}
		for _, a := range r.Anomalies {
			got = append(got, fmt.Sprint(a.Task, a.Smaller, a.Larger, a.Ticks))
			if len(a.Lacks) == 0 || len(a.UsedBy) == 0 {
				t.Fatalf("nobody used up what %+v lacks", a)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("anomalies %q, want %q", got, want)
		}
		found += len(got)
	})
	if found == 0 {
		t.Error("no anomaly was made")
	}
}

func TestWindowsThatCannotBeCompared(t *testing.T) {
	tight := window("tight", ops(1))
	for want, change := range map[string]func(*Window){
		"pipeline":       func(w *Window) { w.Request.Pipeline = "q" },
		"definition":     func(w *Window) { w.Request.DefinitionSHA256 = "x" },
		"contexts":       func(w *Window) { w.Request.ContextsSHA256 = "x" },
		"ticks":          func(w *Window) { w.Request.Ticks = 4 },
		"without a name": func(w *Window) { w.Request.BudgetName = "" },
	} {
		other := window("other", ops(2))
		change(&other)
		if _, err := New([]Window{tight, other}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := New([]Window{tight}); err == nil {
		t.Error("one window is compared")
	}
}

// A record that does not fit is refused.
func TestTicksThatDoNotFit(t *testing.T) {
	event := func(task string) events.TraceEvent { return events.TraceEvent{Tick: 4, Task: task} }
	good := &events.Tick{Tick: 4, Events: []events.TraceEvent{event("a"), event("b")}}
	for want, bad := range map[string]*events.Tick{
		"tick 5 has 2 events":    {Tick: 5, Events: good.Events},
		"tick 4 has 1 events":    {Tick: 4, Events: good.Events[:1]},
		`of task "c", where "b"`: {Tick: 4, Events: []events.TraceEvent{event("a"), event("c")}},
		"a tick of it is wanted": nil,
	} {
		c, err := New([]Window{window("tight", ops(1)), window("generous", ops(2))})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Add([]*events.Tick{good, bad}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func sum(a, b events.Budget) events.Budget {
	return events.Budget{Ops: a.Ops + b.Ops, Entropy: a.Entropy + b.Entropy}
}
