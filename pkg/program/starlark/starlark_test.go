package starlark

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/scheduler"
)

// body makes the Starlark of a task from the lines of its function run.
func body(lines string) string {
	return "def run(ctx):\n    " + strings.ReplaceAll(lines, "\n", "\n    ") + "\n"
}

// does is Starlark whose function run has these lines.
func does(lines string) *program.Starlark { return &program.Starlark{Source: body(lines)} }

// tick runs tasks over a context for one tick, each task of the forecast lane.
func tick(t testing.TB, value canon.Value, tasks ...program.Task) []events.TaskResult {
	t.Helper()
	return newRun(t, tasks...)(0, value)
}

// compiled compiles tasks, of which what does not matter is left out.
func compiled(t testing.TB, tasks ...program.Task) *Program {
	t.Helper()
	for i := range tasks {
		code := tasks[i].Starlark
		if code.Steps == 0 {
			code.Steps = 100_000
		}
		if code.File == "" {
			code.File = tasks[i].Name
		}
	}
	p, fault := Compile(&program.Definition{Schema: program.DefinitionSchema, Name: "p", Kind: program.KindStarlark, Tasks: tasks})
	if fault != nil {
		t.Fatal(fault.Plain())
	}
	return p
}

// newRun returns a function that runs a tick of one run.
func newRun(t testing.TB, tasks ...program.Task) func(number int64, value canon.Value) []events.TaskResult {
	t.Helper()
	s, err := compiled(t, tasks...).Scheduler()
	if err != nil {
		t.Fatal(err)
	}
	return func(number int64, value canon.Value) []events.TaskResult {
		tick, err := s.Tick(context.Background(), number, scheduler.Budgets{}, value)
		if err != nil {
			t.Fatal(err)
		}
		return tick.Results
	}
}

func TestValuesComeThrough(t *testing.T) {
	for _, v := range []canon.Value{
		"null", "true", "false", "0", "-1", "9223372036854775808", "-123456789012345678901234567890",
		"0.0", "-0.0", "1.0", "0.1", "1e-05", "1e+16", "NaN", "Infinity", "-Infinity",
		`""`, `"\"\\\né\u0000 😀"`, "[]", "[[],{}]", `{"a":{"b":[1,1.0,true,null]},"é":""}`,
	} {
		got := tick(t, `{"v":`+v+`}`, program.Task{Name: "t", Starlark: does(`return ctx.context["v"]`)})[0]
		if got.Value != v || got.Status != events.OK {
			t.Errorf("%s became %s %s %s", v, got.Status, got.Value, got.Error)
		}
	}
}

func TestTaskResults(t *testing.T) {
	for _, test := range []struct{ code, want string }{
		{"return (1, 2.0, [None])", "[1,2.0,[null]]"},
		{"return {'b': 1, 'a': 2}", `{"a":2,"b":1}`},
		{"return [k for k in ctx.context]", `["a","text"]`},
		{"return [ctx.tick, dir(ctx)]", `[0,["context","previous","results","tick"]]`},
		{"return math.floor(math.log(8, 2) + 0.5)", "3"},
		{"return [math.exp(1), math.log(10), math.log(8, 2), math.pow(2, 0.5), math.sin(1e22), math.cos(1)]",
			"[2.718281828459045,2.302585092994046,3.0,1.4142135623730951,-0.8522008497671888,0.5403023058681398]"},
		{"return [math.sqrt(2), math.floor(1.5), math.atan2(1, -1), math.gamma(5), math.degrees(math.pi), math.e]",
			"[1.4142135623730951,1,2.356194490192345,24.0,180.0,2.718281828459045]"},
		{"return hash('ers')", "100710"},
		{"return len(set([1, 1, 2]))", "2"},
		{"print('hello')", "null"},
		{`return json.decode('{"b": [1, 1.0], "a": null}')`, `{"a":null,"b":[1,1.0]}`},
		{`return json.encode({"b": (1, 1.0), "a": "é"})`, `"{\"a\":\"é\",\"b\":[1,1.0]}"`},
		{`return json.decode("[" * 10, default = "no")`, `"no"`},
		{"return [str(x) for x in (ctx, run, len, math)]", `["<ctx>","<function run>","<built-in function len>","<module \"math\">"]`},

		{"fail('too', 'bad')", "error: fail: too bad (t:2:9)"},
		{"return 1 // 0", "error: floored division by zero (t:2:14)"},
		{"return math.exp('1')", "error: exp: for parameter 1: got string, want float or int (t:2:20)"},
		{"return math.pow(1)", "error: pow: got 1 arguments, want 2 (t:2:20)"},
		{"return math.log(2, 1)", "error: division by zero (t:2:20)"},
		{"return sorted([1, 'a'])", "error: string < int not implemented (t:2:18)"},
		{"return ctx.contxt", "error: ctx has no .contxt field or method (did you mean .context?) (t:2:15)"},
		{"ctx.context['a'] = 2", "error: cannot insert into frozen hash table (t:2:16)"},
		{"ctx.context['a'].append(1)", "error: append: cannot append to frozen list (t:2:28)"},
		{"ctx.results.clear()", "error: cannot clear frozen hash table (t:2:22)"},
		{"ctx.tick = 3", "error: can't assign to .tick field of ctx (t:2:8)"},
		{"return run(ctx)", "error: function run called recursively (t:2:12)"},
		{"return 'a' * (1 << 40)", "error: repeat count 1099511627776 too large (t:2:16)"},
		{"for i in range(1000000): pass", "error: stopped after 100000 steps: let it do less, or raise steps (t:2:5)"},
		{`return json.decode("[" * 10000000)`, "error: json.decode: line 1, column 1001: nested deeper than 1000 levels (t:2:23)"},
		{"return json.encode(run)", "error: json.encode: x has no canonical form: a value of type function: want None, a bool, int, float, string, list or dict (t:2:23)"},

		{"return {'a': [0, set()]}", `error: the result has no canonical form: at "/a/1": a value of type set: want None, a bool, int, float, string, list or dict`},
		{"return [b'x']", `error: the result has no canonical form: at "/0": a value of type bytes: want None, a bool, int, float, string, list or dict`},
		{"return {1: 2}", "error: the result has no canonical form: a dict has a key of type int: make it a string"},
		{"return ctx.results", "{}"},
		{"return ['é'[:1]]", `error: the result has no canonical form: at "/0": invalid UTF-8 at byte 0 of the string "\xc3"`},
		{"x = []\nfor i in range(40): x = [x, x]\nreturn x", "error: the result takes more than the 262144 canonical bytes that are allowed"},
		{"x = 1\nfor i in range(20): x = x * x * 7\nreturn x", "error: the result takes more than the 262144 canonical bytes that are allowed"},

		{"not_computable('no data')", "not_computable: no data"},
		{"x = [not_computable('no data')]\nreturn 1", "not_computable: no data"},
		{"not_computable(1)", "error: not_computable: for parameter reason: got int, want string (t:2:19)"},
	} {
		r := tick(t, `{"a":[1],"text":"hello"}`, program.Task{Name: "t", Starlark: does(test.code)})[0]
		got := string(r.Value)
		if r.Status != events.OK {
			got = r.Status.String() + ": " + r.Error
		}
		if got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.code, got, test.want)
		}
	}
}

func TestErrorsNameTheInnermostPlace(t *testing.T) {
	got := tick(t, "{}", program.Task{Name: "t", Starlark: &program.Starlark{File: "t.star", Source: "def half(x):\n    return x // 0\n\n" + body("return half(1)")}})
	if want := "floored division by zero (t.star:2:14)"; got[0].Error != want {
		t.Errorf("got %s, want %s", got[0].Error, want)
	}
}

func TestResultsAreShown(t *testing.T) {
	const look = `{k: [r.status, r.value, r.error] for k, r in %s.items()}`
	run := newRun(t,
		program.Task{Name: "a", Starlark: does("return {'tick': ctx.tick}")},
		program.Task{Name: "b", Starlark: does("return 1 // ctx.tick")},
		program.Task{Name: "c", Lane: events.Shadow, Starlark: does("return " + strings.ReplaceAll(look, "%s", "ctx.results"))},
		program.Task{Name: "d", Lane: events.Shadow, Starlark: does("return " + strings.ReplaceAll(look, "%s", "ctx.previous"))},
		program.Task{Name: "e", Lane: events.Shadow, Starlark: does("return list(ctx.results)")},
		program.Task{Name: "skipped", Cost: events.Budget{Ops: 1}, Starlark: does("return 1")},
	)
	var got []canon.Value
	for number := range int64(2) {
		for _, r := range run(number, "{}") {
			if r.Lane == events.Shadow {
				got = append(got, r.Value)
			}
		}
	}
	first := canon.Value(`{"a":["ok",{"tick":0},""],"b":["error",null,"floored division by zero (b:2:14)"],"skipped":["skipped_budget",null,""]}`)
	second := canon.Value(`{"a":["ok",{"tick":1},""],"b":["ok",1,""],"skipped":["skipped_budget",null,""]}`)
	names := canon.Value(`["a","b","skipped","c","d"]`)
	if diff := cmp.Diff([]canon.Value{first, "{}", names, second, first, names}, got); diff != "" {
		t.Error("-want +got\n", diff)
	}
}

// Globals are frozen, so that nothing passes from tick to tick or run to run.
func TestGlobalsAreFrozen(t *testing.T) {
	got := tick(t, "{}", program.Task{Name: "t", Starlark: &program.Starlark{Source: "seen = []\n" + body("seen.append(1)")}})
	if want := "append: cannot append to frozen list (t:3:16)"; got[0].Error != want {
		t.Errorf("got %s, want %s", got[0].Error, want)
	}
}

// Runs in parallel share the compiled code and nothing else.
func TestParallelRunsAreEqual(t *testing.T) {
	const ticks, shown = 50, `{"xs":[3,1,2,3]}`
	p := compiled(t, program.Task{Name: "t", Starlark: &program.Starlark{Source: `words = {w: len(w) for w in ["a", "bb", "ccc"]}

def run(ctx):
    before = [r.value["sum"] for r in ctx.previous.values()]
    return {"sum": sum(before) + ctx.tick, "words": words, "set": list(set(ctx.context["xs"]))}

def sum(xs):
    total = 0
    for x in xs:
        total += x
    return total
`}})
	hashes := make([]canon.Hash, 12)
	var wg sync.WaitGroup
	for run := range hashes {
		wg.Go(func() {
			s, err := p.Scheduler()
			if err != nil {
				t.Error(err)
				return
			}
			var all []byte
			for i := range int64(ticks) {
				tick, err := s.Tick(context.Background(), i, scheduler.Budgets{}, canon.Value(shown))
				if err != nil || tick.Results[0].Status != events.OK {
					t.Error(err, tick.Results)
					return
				}
				all = append(all, tick.Results[0].Value...)
			}
			hashes[run] = canon.Sum(all)
		})
	}
	wg.Wait()
	for run, h := range hashes {
		if h != hashes[0] {
			t.Errorf("run %d: %s, run 0: %s", run, h, hashes[0])
		}
	}
}

// A definition may follow all rules and hold Starlark that is none.
func TestFaultsOfCode(t *testing.T) {
	d := &program.Definition{Schema: program.DefinitionSchema, Name: "p", Kind: program.KindStarlark, Tasks: []program.Task{
		{Name: "a", Starlark: &program.Starlark{File: "a", Steps: 1000, Source: body("return 1")}},
		{Name: "b", Starlark: &program.Starlark{File: "b.star", Steps: 1000, Source: body("return x")}},
	}}
	_, fault := Compile(d)
	if want := "tasks/1/starlark: line 2, column 12: Starlark: undefined: x"; fault == nil || fault.Plain().Error() != want {
		t.Errorf("got %v, want %s", fault, want)
	}
}
