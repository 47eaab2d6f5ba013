package erstest_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"abraxas.dev/ers/pkg/ers"
	"abraxas.dev/ers/pkg/erstest"
)

// tester is the t of a test that is expected to fail.
type tester struct {
	testing.TB
	said  strings.Builder
	ended bool // by Fatal
}

func (t *tester) Helper() {}

func (t *tester) Errorf(format string, args ...any) { fmt.Fprintf(&t.said, format, args...) }

func (t *tester) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	t.ended = true
	runtime.Goexit()
}

func (t *tester) Fatal(args ...any) { t.Fatalf("%s", fmt.Sprint(args...)) }

// said returns what a test said that failed, and whether it was stopped.
func said(t *testing.T, test func(testing.TB)) (string, bool) {
	r := &tester{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	return r.said.String(), r.ended
}

type unexported struct{ n int }

func TestInvariant(t *testing.T) {
	var calls atomic.Int64
	called := func(f func(n int64) (any, error)) func() (any, error) {
		return func() (any, error) { return f(calls.Add(1)) }
	}
	options := func(o erstest.Options) []erstest.Options { return []erstest.Options{o} }
	for _, test := range []struct {
		name    string
		f       func() (any, error)
		options []erstest.Options
		want    []string // of what is said; none: it passes
		ended   bool
	}{
		{name: "equal", f: func() (any, error) { return map[string]any{"a": []int{1, 2}, "b": 0.5}, nil }},
		{name: "nil", f: func() (any, error) { return nil, nil }, ended: true, want: []string{"COULD NOT TELL  all 12 runs return nil"}},
		{name: "nil in some", f: called(func(n int64) (any, error) {
			if n == 4 {
				return nil, nil
			}
			return 1, nil
		}), want: []string{"FAIL  "}},
		{name: "side by side", f: func() (any, error) { return "x", nil }, options: options(erstest.Options{Runs: 50, Parallel: 8})},
		{name: "a struct by JSON", f: func() (any, error) { return ers.JSON(struct{ A int }{1}) }},
		{name: "value", f: called(func(n int64) (any, error) { return map[string]any{"rows": 5, "late": n == 3}, nil }),
			want: []string{"FAIL  ", "run 2 differs from the other 11 at tick 0: TestInvariant/value returned true, not false, at /value/late", "> /value/late  false  ", "go test abraxas.dev/ers/pkg/erstest -count 1 -run '^TestInvariant$/^value$'"}},
		{name: "type", f: called(func(n int64) (any, error) {
			if n == 1 {
				return 1, nil
			}
			return 1.0, nil
		}), want: []string{"FAIL  ", "1.0"}},
		{name: "fewer runs", f: called(func(n int64) (any, error) { return n == 3, nil }), options: options(erstest.Options{Runs: 2})},
		{name: "error in some", f: called(func(n int64) (any, error) {
			if n > 6 {
				return nil, errors.New("no such row")
			}
			return 1, nil
		}), want: []string{"FAIL  ", "no such row"}},
		{name: "errors differ", f: called(func(n int64) (any, error) { return nil, fmt.Errorf("row %d", n%2) }), want: []string{"FAIL  ", "row 0", "row 1"}},
		{name: "error in all", f: func() (any, error) { return nil, errors.New("no module") }, ended: true,
			want: []string{"COULD NOT TELL  all 12 runs end in the same error, which is not a value to compare: no module"}},
		{name: "not computable in all", f: func() (any, error) { return nil, ers.ErrNotComputable("later") }, ended: true, want: []string{"COULD NOT TELL  all 12"}},
		{name: "struct", f: func() (any, error) { return map[string]any{"x": unexported{1}}, nil }, ended: true,
			want: []string{`COULD NOT TELL  run 0: what the function returned has no canonical form: at "/x": erstest_test.unexported has no canonical form`, "ers.JSON"}},
		{name: "its own value", f: func() (any, error) { return ers.Value("{ }"), nil }, ended: true, want: []string{`"{ }" is not a canonical value`}},
		{name: "goexit", f: func() (any, error) { runtime.Goexit(); return nil, nil }, ended: true, want: []string{"COULD NOT TELL  run 0: the function ended its goroutine"}},
		{name: "one run", f: func() (any, error) { return 1, nil }, options: options(erstest.Options{Runs: 1}), ended: true, want: []string{"Runs is 1: want 2 to 1000"}},
		{name: "ticks", f: func() (any, error) { return 1, nil }, options: options(erstest.Options{Ticks: 1}), ended: true, want: []string{"leave Ticks out"}},
		{name: "two options", f: func() (any, error) { return 1, nil }, options: make([]erstest.Options, 2), ended: true, want: []string{"2 Options are given"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			calls.Store(0)
			check(t, test.want, test.ended, func(t testing.TB) { erstest.Invariant(t, test.f, test.options...) })
		})
	}
}

func check(t *testing.T, want []string, ended bool, test func(testing.TB)) {
	t.Helper()
	text, stopped := said(t, test)
	if stopped != ended || (text == "") != (want == nil) {
		t.Errorf("stopped is %t, want %t, and it said: %s", stopped, ended, text)
	}
	for _, part := range want {
		if !strings.Contains(text, part) {
			t.Errorf("it does not say %q:\n%s", part, text)
		}
	}
}

// A function of any type of values can be given as it is.
func TestInvariantOfType(t *testing.T) {
	erstest.Invariant(t, lengths)
}

func lengths() (map[string]int, error) { return map[string]int{"a": 1}, nil }

const star = `name: star
budget: {forecast: {ops: 9, entropy: 0}, shadow: {ops: 0, entropy: 0}}
tasks:
  - {name: one, lane: forecast, starlark: "def run(ctx): return %s"}
`

// No TestMain calls what starts the processes in which Starlark runs.
func TestPipeline(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "p.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write(fmt.Sprintf(star, "ctx.tick"))
	for _, test := range []struct {
		name, file string
		options    []erstest.Options
		want       []string
	}{
		{"equal", good, nil, nil},
		{"more", good, []erstest.Options{{Runs: 3, Ticks: 5}}, nil},
		{"no file", "no.yaml", nil, []string{"no.yaml"}},
		{"mistake", write(fmt.Sprintf(star, "1 +")), nil, []string{"p.yaml:4:", "got end of file"}},
		{"runs", good, []erstest.Options{{Runs: 1}}, []string{"Runs is 1"}},
		{"without tasks", write("name: star"), nil, []string{"p.yaml:1:1: the pipeline has no budget"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			check(t, test.want, test.want != nil, func(t testing.TB) { erstest.Pipeline(t, test.file, test.options...) })
		})
	}
}

func TestProgram(t *testing.T) {
	var runs atomic.Int64
	p := ers.Pipeline{Name: "mine", Ticks: 3, Tasks: []ers.Task{
		{Name: "good", Run: func(ctx *ers.Ctx) (any, error) { return ctx.Tick(), nil }},
		{Name: "drifts", Lane: ers.Shadow, New: func() func(*ers.Ctx) (any, error) {
			run := runs.Add(1)
			return func(ctx *ers.Ctx) (any, error) { return map[string]any{"bad": run == 5 && ctx.Tick() == 1}, nil }
		}},
	}}
	check(t, []string{"FAIL  ", "differs from the other 11", "at tick 1: drifts returned", "/value/bad", "-run '^TestProgram$'"}, false, func(t testing.TB) { erstest.Program(t, "", p) })
	p.Tasks = p.Tasks[:1]
	erstest.Program(t, "", p, erstest.Options{Runs: 2, Ticks: 1})
	p.Tasks = nil
	check(t, []string{"there are no tasks"}, true, func(t testing.TB) { erstest.Program(t, "", p) })
}
