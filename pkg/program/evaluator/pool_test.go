package evaluator

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/starlark"
	"abraxas.dev/ers/pkg/scheduler"
)

func TestMain(m *testing.M) {
	Main()
	os.Exit(m.Run())
}

// body makes the Starlark of a task from the lines of its function run.
func body(lines string) string {
	return "def run(ctx):\n    " + strings.ReplaceAll(lines, "\n", "\n    ") + "\n"
}

// code is the Starlark of a task, of which what does not matter is left out.
func code(source string) *program.Starlark { return &program.Starlark{Source: source} }

// does is code whose function run has these lines.
func does(lines string) *program.Starlark { return code(body(lines)) }

// define makes a definition of tasks, of which what does not matter is left out.
func define(tasks ...program.Task) *program.Definition {
	for i := range tasks {
		t := &tasks[i]
		if t.Name == "" {
			t.Name = fmt.Sprint("t", i)
		}
		if t.Starlark.Steps == 0 {
			t.Starlark.Steps = 1_000_000_000_000
		}
		t.Starlark.File, t.Tags = t.Name, []string{}
	}
	return &program.Definition{Schema: program.DefinitionSchema, Name: "p", Kind: program.KindStarlark, Tasks: tasks}
}

func newPool(t testing.TB, memory int64) *Pool {
	p := New(Config{Memory: memory, Log: zerolog.New(zerolog.NewTestWriter(t))})
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// fifty are the tasks of a tick of fifty events, small ones.
func fifty() *program.Definition {
	var tasks []program.Task
	for i := range 50 {
		tasks = append(tasks, program.Task{Lane: events.Lane(i / 25), Starlark: does(
			`return {"words": len(ctx.context["text"].split()), "tick": ctx.tick}`)})
	}
	return define(tasks...)
}

// BenchmarkTicks compares ticks in this process with ticks in evaluators, twelve runs at
// once.
func BenchmarkTicks(b *testing.B) {
	value := canon.Value(`{"text":"` + strings.Repeat("some words ", 30) + `"}`)
	nothing := define()
	for i := range 50 {
		nothing.Tasks = append(nothing.Tasks, define(program.Task{Name: fmt.Sprint("t", i), Lane: events.Lane(i / 25), Starlark: does("return ctx.tick")}).Tasks...)
	}
	for name, d := range map[string]*program.Definition{"words": fifty(), "nothing": nothing} {
		b.Run(name+"/process", func(b *testing.B) {
			p, fault := starlark.Compile(d)
			if fault != nil {
				b.Fatal(fault.Plain())
			}
			twelve(b, value, func() runner {
				s, err := p.Scheduler()
				if err != nil {
					b.Fatal(err)
				}
				return s
			})
		})
		b.Run(name+"/evaluators", func(b *testing.B) {
			compiled, err := newPool(b, 0).Compile(b.Context(), d)
			if err != nil {
				b.Fatal(err)
			}
			twelve(b, value, func() runner {
				r := compiled.NewRun()
				r.Ahead = func(number int64) (canon.Value, bool) { return value, number < int64(b.N) }
				return r
			})
		})
	}
}

type runner interface {
	Tick(ctx context.Context, number int64, budgets scheduler.Budgets, value any) (scheduler.Tick, error)
}

// twelve runs b.N ticks in each of twelve runs, two at a time.
func twelve(b *testing.B, value canon.Value, newRun func() runner) {
	turns := make(chan struct{}, 2)
	runs := make([]runner, 12)
	for i := range runs {
		runs[i] = newRun()
	}
	b.ResetTimer()
	var wg sync.WaitGroup
	for _, r := range runs {
		wg.Go(func() {
			for i := range int64(b.N) {
				turns <- struct{}{}
				_, err := r.Tick(b.Context(), i, events.Budgets{}, value)
				<-turns
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)*12*50/b.Elapsed().Seconds(), "events/s")
}
