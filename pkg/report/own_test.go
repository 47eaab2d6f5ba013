package report

import (
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
)

// What a task did again after a crash is told in the words of a difference between two runs,
// whatever it is in.
func TestRestartInWords(t *testing.T) {
	tick := func(change func(e *events.TraceEvent, r *events.TaskResult)) *events.Tick {
		t := &events.Tick{Tick: 1}
		for _, name := range []string{"first", "count"} {
			t.Events = append(t.Events, events.TraceEvent{Tick: 1, Task: name, Meta: `{"tags":[]}`})
			t.Results = append(t.Results, events.TaskResult{Name: name, Value: `{"n":1}`})
		}
		change(&t.Events[1], &t.Results[1])
		return t
	}
	nothing := func(*events.TraceEvent, *events.TaskResult) {}
	short := tick(nothing)
	short.Events, short.Results = short.Events[:1], short.Results[:1]
	for _, c := range []struct {
		name        string
		again       *events.Tick // the record has the tick without a change
		want, field string
	}{
		{"value", tick(func(_ *events.TraceEvent, r *events.TaskResult) { r.Value = `{"n":2}` }), "count returned 2, not 1, at /value/n", "/value/n"},
		{"type", tick(func(_ *events.TraceEvent, r *events.TaskResult) { r.Value = `{"n":1.0}` }), "count returned the float 1.0, not the integer 1, at /value/n", "/value/n"},
		{"whole value", tick(func(_ *events.TraceEvent, r *events.TaskResult) { r.Value = "3" }), `count returned the integer 3, not an object, at /value`, "/value"},
		{"a member more", tick(func(_ *events.TraceEvent, r *events.TaskResult) { r.Value = `{"n":1,"s":2}` }), "count returned an additional /value/s", "/value/s"},
		{"a member less", tick(func(_ *events.TraceEvent, r *events.TaskResult) { r.Value = `{}` }), "count returned no /value/n", "/value/n"},
		{"status", tick(func(e *events.TraceEvent, r *events.TaskResult) { e.Status, r.Status = events.Error, events.Error }), "count has status error, not ok", "status"},
		{"cost", tick(func(e *events.TraceEvent, _ *events.TaskResult) { e.CostOps = 5 }), "count has cost_ops 5, not 0", "cost_ops"},
		{"meta", tick(func(e *events.TraceEvent, _ *events.TaskResult) { e.Meta = `{"tags":["x"]}` }), "count has an additional /meta/tags/0", "/meta/tags/0"},
		{"error", tick(func(_ *events.TraceEvent, r *events.TaskResult) { r.Error = "no" }), `count has error "no", not null`, "/error"},
		{"another task", tick(func(e *events.TraceEvent, r *events.TaskResult) { e.Task, r.Name = "other", "other" }), "other came where count belongs", "task"},
		{"missing", short, "count is missing", "event"},
	} {
		d, err := compare.Restart(tick(nothing), c.again)
		if err != nil {
			t.Fatal(err)
		}
		v := &events.Verdict{Outcome: events.Fail, Runs: 2, Divergence: &events.Divergence{
			Location: events.Location{Kind: d.Kind, Tick: d.Tick, EventIndex: d.EventIndex, Task: d.Task, Pointer: d.Pointer}, Runs: []int{1},
			Expected: events.Side{Run: 1, Present: true, Canonical: string(d.Expected)},
			Found:    events.Side{Run: 1, Present: true, Canonical: string(d.Found)}}}
		want := "run 1 differs from its own record at tick 1: done again after a crash, " + c.want
		if got := Headline(v); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, want)
		}
		if text := string(Append(nil, v, Options{})); !strings.Contains(text, "\n  > "+c.field) {
			t.Errorf("%s: no line of %s in\n%s", c.name, c.field, text)
		}
	}
}

// So is what a command came to.
func TestRestartOfCommand(t *testing.T) {
	one, two := "1", "2"
	v := &events.Verdict{Outcome: events.Fail, Runs: 2, Divergence: &events.Divergence{
		Location: events.Location{Kind: events.KindRestart, Task: "said", Pointer: "/value/stdout/text"}, Runs: []int{1},
		Content:  &events.Content{Name: "stdout", As: "text", Line: 1, Expected: &one, Found: &two},
		Expected: events.Side{Run: 1, Present: true, Canonical: `"1"`}, Found: events.Side{Run: 1, Present: true, Canonical: `"2"`}}}
	text := string(Append(nil, v, Options{}))
	for _, want := range []string{`: done again after a crash, said: stdout, line 1: "2", not "1"`, "\n  > stdout, line 1  \"1\" "} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
