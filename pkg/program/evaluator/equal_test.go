package evaluator

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/starlark"
	"abraxas.dev/ers/pkg/scheduler"
)

// all is a definition with every status in both lanes, and values of every kind.
func all() *program.Definition {
	return define(
		program.Task{Name: "é count", Starlark: does("return {'n': [ctx.tick, 1.5, True, None, 'é\\\\n'], 'before': [[k, r.status, r.value, r.error] for k, r in ctx.previous.items()]} if ctx.tick % 3 else 1 << 80")},
		program.Task{Name: "fails", Starlark: does("return 1 // (ctx.tick % 2)")},
		program.Task{Name: "cannot", Starlark: does("not_computable('no ' + ctx.context['word'])")},
		program.Task{Name: "dear", Cost: events.Budget{Ops: 99}, Starlark: does("return 1")},
		program.Task{Name: "watch", Lane: events.Shadow, Cost: events.Budget{Ops: 2, Entropy: 1}, Starlark: does("return [[k, r.status, r.value, r.error] for k, r in ctx.results.items()]")},
		program.Task{Name: "ends", Lane: events.Shadow, Cost: events.Budget{Entropy: 1}, Starlark: does("return len(ctx.previous)")},
	)
}

// Whatever evaluators run which ticks, and however far ahead, what comes of them is what
// comes of them in one process, also where a run is resumed.
func TestEqualToOneProcess(t *testing.T) {
	const first, ticks = 7, 100
	budgets := events.Budgets{Forecast: events.Budget{Ops: 5}, Shadow: events.Budget{Ops: 2, Entropy: 1}}
	context := func(i int64) canon.Value { return canon.Value(fmt.Sprintf(`{"word":"%d"}`, i/5)) }
	d := all()
	compiled, fault := starlark.Compile(d)
	if fault != nil {
		t.Fatal(fault.Plain())
	}
	s, err := compiled.Scheduler()
	if err != nil {
		t.Fatal(err)
	}
	var want []scheduler.Tick
	for i := range int64(ticks) {
		tick, err := s.Tick(t.Context(), first+i, budgets, context(i))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, tick)
	}
	p := newPool(t, 0)
	var runs sync.WaitGroup
	for run := range 12 {
		runs.Go(func() {
			there, err := p.Compile(t.Context(), d)
			if err != nil {
				t.Error(err)
				return
			}
			r := there.NewRun()
			if run%2 == 0 {
				r.Ahead = func(number int64) (canon.Value, bool) {
					if i := number - first; i < ticks {
						return context(i), true
					}
					return "", false
				}
			}
			start := int64(run * 3)
			if start > 0 {
				r.SetPrevious(want[start-1].Results)
			}
			for i := start; i < ticks; i++ {
				got, err := r.Tick(t.Context(), first+i, budgets, context(i))
				if diff := cmp.Diff(want[i], got); err != nil || diff != "" {
					t.Errorf("run %d, tick %d: %v\n-want +got\n%s", run, i, err, diff)
					return
				}
			}
		})
	}
	runs.Wait()
}

// More definitions than an evaluator keeps take turns, and what is asked for against the
// order that was announced is run as it is asked for.
func TestTurns(t *testing.T) {
	p := newPool(t, 0)
	var runs []*Run
	for i := range 2 * maxCompiled {
		r := compile(t, p, program.Task{Starlark: does(fmt.Sprintf("return [%d, ctx.tick, len(ctx.previous)]", i))}).NewRun()
		r.Ahead = func(int64) (canon.Value, bool) { return "{}", true }
		runs = append(runs, r)
	}
	for _, number := range []int64{0, 1, 2, 9, 3, 4} {
		for i, r := range runs {
			wantTick(t, r, number, canon.Value(fmt.Sprintf("[%d,%d,%d]", i, number, min(number, 1))))
		}
	}
	r := runs[0]
	r.SetPrevious(nil)
	wantTick(t, r, 5, "[0,5,0]")
	if _, err := r.Tick(t.Context(), -1, events.Budgets{}, canon.Value("{}")); err == nil || err.Error() != "tick -1 is negative" {
		t.Errorf("got %v", err)
	}
	wantTick(t, r, 6, "[0,6,1]")
}
