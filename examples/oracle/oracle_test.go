// Package oracle_test runs the example pipeline over a text of its own.
package oracle_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/program/starlark"
	"abraxas.dev/ers/pkg/scheduler"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/results.txt anew")

// TestResults compares what every task makes of each paragraph of
// testdata/notes.md with what was reviewed before.
func TestResults(t *testing.T) {
	f := load(t)
	got := results(t, f, "")
	f.Budget.Shadow.Entropy = 5
	got += "\nwith 5 entropy for shadow\n\n" + results(t, f, "shadow:sei")

	const golden = "testdata/results.txt"
	if *rewrite {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("results changed: review, then run go test ./examples/oracle -rewrite\n%s", got)
	}
}

// load loads the pipeline with testdata/notes.md for its text: the documentation that
// it takes by default changes.
func load(t *testing.T) *pipeline.File {
	t.Helper()
	f, err := pipeline.Load("pipeline.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.UseText("testdata/notes.md"); err != nil {
		t.Fatal(err)
	}
	return f
}

// results runs one run and lists what the tasks returned, or one of them.
func results(t *testing.T, f *pipeline.File, task string) string {
	t.Helper()
	program, fault := starlark.Compile(f.Definition)
	if fault != nil {
		t.Fatal(fault.Plain())
	}
	s, err := program.Scheduler()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i := range f.Ticks {
		var tick scheduler.Tick
		if tick, err = s.Tick(context.Background(), f.FirstTick+i, f.Budget, f.Contexts.At(i)); err != nil {
			t.Fatal(err)
		}
		for _, r := range tick.Results {
			if task == "" || task == r.Name {
				fmt.Fprintf(&b, "%d %s %s %s %q\n", tick.Tick.Tick, r.Name, r.Status, r.Value, r.Error)
			}
		}
	}
	return b.String()
}
