package evaluator

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
)

const small = MinMemory

// compile has tasks compiled.
func compile(t testing.TB, p *Pool, tasks ...program.Task) *Compiled {
	t.Helper()
	c, err := p.Compile(t.Context(), define(tasks...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// wantTick runs one tick, whose last result must be this one.
func wantTick(t testing.TB, r *Run, number int64, want canon.Value) {
	t.Helper()
	tick, err := r.Tick(t.Context(), number, events.Budgets{}, canon.Value("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if got := tick.Results[len(tick.Results)-1]; got.Value != want {
		t.Fatalf("tick %d: %s %s, want %s", number, got.Value, got.Error, want)
	}
}

// skipUnderRace leaves a test out that takes gigabytes at once: the race detector marks them
// in a step that nothing can stop, and no limit of the kernel holds beside it.
func skipUnderRace(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("the race detector marks all of the memory, and cannot be stopped meanwhile")
	}
}

// A task that takes all memory ends its evaluator and nothing else. The error names the
// tick, the task and the reason.
func TestPoison(t *testing.T) {
	skipUnderRace(t)
	for name, code := range map[string]string{
		"doubled":    "x = [1]\nfor i in range(40): x = x + x\nreturn len(x)",
		"at once":    "return len([0] * 1000000000)",
		"bit by bit": "d = {}\nfor i in range(100000000): d[i] = i\nreturn len(d)",
	} {
		t.Run(name, func(t *testing.T) {
			p := newPool(t, small)
			good := compile(t, p, program.Task{Starlark: does("return ctx.tick")}).NewRun()
			wantTick(t, good, 1, "1")
			bad := compile(t, p, program.Task{Name: "a", Starlark: does("return 1")},
				program.Task{Name: "b", Starlark: does("if ctx.tick == 2:\n    " + strings.ReplaceAll(code, "\n", "\n    ") + "\nreturn [ctx.tick, len(ctx.previous)]")}).NewRun()
			bad.Ahead = func(number int64) (canon.Value, bool) { return "{}", number < 9 }
			wantTick(t, bad, 0, "[0,0]")
			wantTick(t, bad, 1, "[1,2]")
			_, err := bad.Tick(t.Context(), 2, events.Budgets{}, canon.Value("{}"))
			const want = `the evaluator ended 2 times on tick 2: in task "b" it took more than the 64MiB of memory that it may have`
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
			wantTick(t, good, 2, "2")
		})
	}
}

// What stands outside of functions is run when it is compiled, and no more trusted.
func TestPoisonOutsideOfFunctions(t *testing.T) {
	skipUnderRace(t)
	p := newPool(t, small)
	_, err := p.Compile(t.Context(), define(program.Task{Starlark: code("x = len([0] * 1000000000)\n" + body("return x"))}))
	const want = "the evaluator ended 2 times on the definition: it took more than the 64MiB of memory that it may have"
	if err == nil || !strings.HasPrefix(err.Error(), want) || errors.Is(err, program.ErrInvalid) {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = p.Compile(t.Context(), define(program.Task{Starlark: does("return y")}))
	if want := "tasks/0/starlark: line 2, column 12: Starlark: undefined: y"; !errors.Is(err, program.ErrInvalid) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Memory that is used and left again is nobody's offence: ten times the bound go through
// one evaluator.
func TestMemoryIsGivenBack(t *testing.T) {
	p := newPool(t, small)
	r := compile(t, p, program.Task{Starlark: does("x = []\nfor i in range(20): x = [0] * 500000\nreturn len(x)")}).NewRun()
	for i := range int64(4) {
		wantTick(t, r, i, "500000")
	}
	if n := len(p.alive); n != 1 {
		t.Errorf("%d evaluators: one of them ended", n)
	}
}

// A task in one long operation ends with the caller's context, and its evaluator too.
func TestStop(t *testing.T) {
	for name, code := range map[string]string{
		"one operation": "x = 3\nfor i in range(31): x = x * x\nreturn 1",
		"many steps":    "for i in range(1000000000000): pass",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPool(t, 0)
			good := compile(t, p, program.Task{Starlark: does("return ctx.tick")}).NewRun()
			bad := compile(t, p, program.Task{Starlark: does(code)}).NewRun()
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() {
				_, err := bad.Tick(ctx, 0, events.Budgets{}, canon.Value("{}"))
				ended <- err
			}()
			wantTick(t, good, 1, "1") // another evaluator, or the same before it hangs
			cancel()
			select {
			case err := <-ended:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("the tick goes on")
			}
			wantTick(t, good, 2, "2")
		})
	}
}

// An evaluator that is ended from outside is replaced, and the run goes on as if nothing
// had happened.
func TestKilledFromOutside(t *testing.T) {
	p := newPool(t, 0)
	r := compile(t, p, program.Task{Name: "n", Starlark: code(body("return 1 + sum([r.value for r in ctx.previous.values()])") +
		"\ndef sum(xs):\n    n = 0\n    for x in xs: n += x\n    return n\n")}).NewRun()
	for i := range int64(6) {
		wantTick(t, r, i, canon.Value('1'+byte(i)))
		c := <-p.free
		if err := c.cmd.Process.Signal(os.Kill); err != nil {
			t.Fatal(err)
		}
		<-c.exited
		p.free <- c
	}
}

// A program whose main does not call Main is told so, and is not started again and again.
func TestWithoutMain(t *testing.T) {
	hooked.Store(false)
	defer hooked.Store(true)
	_, err := newPool(t, 0).Compile(t.Context(), define(program.Task{Starlark: does("return 1")}))
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "evaluator.Main") {
		t.Errorf("got %v", err)
	}
}
