package pipeline

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/rules"
)

// ownPipeline is what a program says that has two tasks.
func ownPipeline(t *testing.T, named bool) *Own {
	t.Helper()
	contexts, err := program.NewContexts("{}")
	if err != nil {
		t.Fatal(err)
	}
	o := &Own{Named: named}
	o.Definition = &program.Definition{Schema: program.DefinitionSchema, Name: "mine", Kind: program.KindGo, Module: "example.com/mine", Tasks: []program.Task{
		{Name: "b", Lane: events.Shadow, Priority: 2, Cost: events.Budget{Ops: 5}, Tags: []string{"x"}, Rules: []rules.Rule{{Do: rules.Rounds, Where: rules.Value, Kind: rules.JSON, Pattern: "/r", Digits: 3}}},
		{Name: "a", Tags: []string{}},
	}}
	o.Contexts, o.Runs, o.FirstTick, o.Ticks = contexts, 3, 7, 2
	o.Budget = events.Budgets{Shadow: events.Budget{Ops: 5}}
	return o
}

func loadOwn(t *testing.T, own *Own, text string) (*File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := LoadOwn(path, own)
	if m, ok := err.(*Mistakes); ok {
		for _, e := range m.List {
			e.File = filepath.Base(e.File)
		}
	}
	return f, err
}

// A file changes what it says and nothing else, and the definition stays the same
// whether it lists the tasks or not.
func TestOwnPipeline(t *testing.T) {
	own := ownPipeline(t, false)
	f, err := loadOwn(t, own, "runs: 4\n")
	if err != nil {
		t.Fatal(err)
	}
	want := own.File
	want.Runs, want.Dir = 4, f.Dir
	f.Contents = nil
	if !reflect.DeepEqual(*f, want) {
		t.Errorf("got  %+v\nwant %+v", *f, want)
	}
	listed, err := loadOwn(t, own, "tasks:\n- {name: a, lane: forecast}\n- {name: b, lane: shadow, priority: 2, cost: {ops: 5}, tags: [x]}\n")
	if err != nil || listed.Definition.SHA256() != f.Definition.SHA256() {
		t.Errorf("the definition is %+v with tasks listed, %v", listed, err)
	}
	all, err := loadOwn(t, own, `name: other
ticks: 5
first_tick: 1
budget: {forecast: {ops: 1, entropy: 2}, shadow: {ops: 3, entropy: 4}}
context: {a: 1}
tasks:
- {name: a, lane: forecast, ignore: ["value#json:/at"]}
- {name: b, lane: shadow, priority: 2, cost: {ops: 5}, tags: [x], round: []}
`)
	if err != nil {
		t.Fatal(err)
	}
	d := all.Definition
	if d.Name != "other" || all.Ticks != 5 || all.FirstTick != 1 || all.Runs != 3 || all.Budget.Shadow.Entropy != 4 || all.Contexts.At(0) != `{"a":1}` ||
		d.Tasks[0].Name != "b" || len(d.Tasks[0].Rules) != 0 || len(d.Tasks[1].Rules) != 1 {
		t.Errorf("got %+v, %+v", all, d)
	}
	if own.Definition.Name != "mine" || len(own.Definition.Tasks[0].Rules) != 1 {
		t.Errorf("the program's own is changed: %+v", own.Definition)
	}
}

func TestBadOwnPipeline(t *testing.T) {
	const b = "- {name: b, lane: shadow, priority: 2, cost: {ops: 5}, tags: [x]}\n"
	for text, want := range map[string]string{
		"name: other": `p.yaml:1:7: the pipeline has the name "other" here, and "mine" in the program: make them the same, or leave the name out here`,
		"name: ä":     `p.yaml:1:7: the pipeline has the name "ä" here, and "mine" in the program: make them the same, or leave the name out here`,
		"budget: {forecast: {ops: 1, entropy: 0}}": "p.yaml:1:9: budget has no shadow: add what the lane may spend in a tick: {ops: …, entropy: …}",
		"workers: {}":              `p.yaml:1:1: unknown key "workers" in the pipeline of a Go program: want keys among name, runs, ticks, first_tick, budget, budgets, variations, shadow_check, spread, context, contexts, tasks`,
		"tasks: {from: w}":         "p.yaml:1:8: tasks is of type object: want a list of tasks, or leave them out: the program has them",
		"tasks: []":                "p.yaml:1:8: there are no tasks: want at least one",
		"tasks:\n" + b:             `p.yaml:2:1: task "a" is in the program, and not in this file`,
		"runs: 1":                  "p.yaml:1:7: runs is 1: want 2 to 1000",
		"contexts: [{}]\nticks: 0": "p.yaml:2:8: ticks is 0: want at least 1",
		"tasks:\n" + b + "- {name: a, lane: forecast, starlark: x}":                    `p.yaml:3:29: unknown key "starlark" in task 2: want keys among name, lane, priority, cost, tags, ignore, round`,
		"tasks:\n" + b + "- {name: a, lane: shadow}":                                   `p.yaml:2:1: the lane of task "a" is shadow in this file, and forecast in the program`,
		"tasks:\n" + b + b + "- {name: a, lane: forecast}":                             `p.yaml:3:10: two tasks have the name "b": give each its own; the first is on line 2`,
		"tasks:\n" + b + "- {name: a, lane: forecast}\n- {name: \"\", lane: forecast}": "p.yaml:4:10: the name is empty: give the task one",
	} {
		if _, err := loadOwn(t, ownPipeline(t, true), text); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}
