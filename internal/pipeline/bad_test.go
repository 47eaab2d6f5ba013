package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"abraxas.dev/ers/pkg/program"
)

// good is a pipeline file up to its tasks.
const good = `name: p
budget: {forecast: {ops: 1, entropy: 0}, shadow: {ops: 1, entropy: 0}}
`

// tasks is a task that goes with it.
const tasks = `tasks:
- {name: t, lane: forecast, starlark: 'def run(ctx): return 1'}
`

// badFile is a pipeline that has a mistake, p.yaml alone or a txtar archive.
type badFile struct{ name, files, want string }

var badFiles = []badFile{
	{"missing file", "-- other --\n", "p.yaml: no such file or directory: check the path"},
	{"empty file", "", "p.yaml: the file is empty: want a pipeline with name, budget and tasks"},
	{"too large", strings.Repeat("#", 1<<20+1), "p.yaml: the file is larger than 1048576 bytes: make it smaller"},
	{"only comments", "# hello\n", "p.yaml: the file is empty: want a pipeline with name, budget and tasks"},
	{"not UTF-8", "# \uFFFD\nname: \"ab\xff\"\n", "p.yaml:2:10: not UTF-8 text: save it as UTF-8"},
	{"not YAML: colon", "name: a: b\n", "p.yaml:1:7: not YAML: mapping value is not allowed in this context: check indentation, quotes and brackets here"},
	{"not YAML: bracket", "name: p\ntasks: [1, 2\n", "p.yaml:2:8: not YAML: sequence end token ']' not found: check indentation, quotes and brackets here"},
	{"not YAML: tab", "name: p\nbudget:\n\tforecast: 1\n", "p.yaml:3:1: not YAML: found character '\t' that cannot start any token: check indentation, quotes and brackets here"},
	{"nested too deep", "name: " + strings.Repeat("[", 101), "p.yaml:1:107: nested deeper than 100 levels: is a bracket missing?"},
	{"several documents", good + tasks + "---\nname: q\n", "p.yaml:6:1: a second document begins here: keep one in the file"},
	{"directive", "%YAML 1.1\n---\n" + good + tasks, "p.yaml:1:1: directives are not supported: remove the line"},
	{"a list", "- name: p\n", "p.yaml:1:1: the pipeline is of type array: want keys among name, runs, ticks, first_tick, budget, budgets, variations, shadow_check, spread, context, contexts, workers, tasks"},

	{"unknown key", good + tasks + "tick: 3\n", `p.yaml:5:1: unknown key "tick" in the pipeline: did you mean "ticks"?`},
	{"unknown key far off", good + tasks + "schedule: 3\n", `p.yaml:5:1: unknown key "schedule" in the pipeline: want keys among name, runs, ticks, first_tick, budget, budgets, variations, shadow_check, spread, context, contexts, workers, tasks`},
	{"unknown key in task", good + "tasks:\n- {name: t, lane: forecast, prioriti: 1, starlark: x}\n", `p.yaml:4:29: unknown key "prioriti" in task 1: did you mean "priority"?` + "\np.yaml:4:52: line 1 of the code: Starlark: undefined: x"},
	{"unknown key in cost", good + "tasks:\n- name: t\n  lane: forecast\n  cost: {op: 1}\n", "p.yaml:4:3: task 1 has nothing to run: add starlark: | and a function run(ctx), or starlark_file, worker or command\n" + `p.yaml:6:10: unknown key "op" in cost: did you mean "ops"?`},
	{"repeated key", good + tasks + "name: q\n", `p.yaml:5:1: the key "name" stands twice, first on line 1: remove one`},
	{"repeated key in context", good + tasks + "context: {a: {b: 1, 'b': 2}}\n", `p.yaml:5:21: the key "b" stands twice, first on line 5: remove one`},
	{"key of another type", good + tasks + "context: {1: 2}\n", `p.yaml:5:11: a key of type integer: keys are strings, put it in quotes`},
	{"merge key", good + tasks + "context: {<<: {a: 1}}\n", `p.yaml:5:11: merge keys (<<) are not supported: write the members out`},
	{"tag", good + tasks + "context: {a: !!binary aGk=}\n", `p.yaml:5:14: the tag !!binary is not supported: remove it; a text in quotes is a string`},
	{"alias of nothing", good + tasks + "context: {a: *x}\n", `p.yaml:5:14: no anchor &x is complete before the alias *x`},
	{"alias of itself", good + tasks + "context: {a: &x [*x]}\n", `p.yaml:5:18: no anchor &x is complete before the alias *x`},
	{"aliases explode", good + tasks + "context:\n  a: &a " + strings.Repeat("x", 999) + "\n" + laughs, `p.yaml:10:9: with its aliases expanded this takes more than 8388608 bytes: make it smaller`},
	{"odd number", good + tasks + "context: {a: 010}\n", `p.yaml:5:14: readers of YAML disagree about the number 010: write it in plain decimal, or as a string in quotes`},

	{"no name", strings.Replace(good, "name: p\n", "", 1) + tasks, "p.yaml:1:1: the pipeline has no name: add one of A-Z a-z 0-9 _ -"},
	{"empty name", strings.Replace(good, "p", `""`, 1) + tasks, "p.yaml:1:7: pipeline name is empty: want 1 to 64 of A-Z a-z 0-9 _ -"},
	{"name not a token", strings.Replace(good, "p", "a.b", 1) + tasks, `p.yaml:1:7: pipeline name "a.b": character 2 is ".": want only A-Z a-z 0-9 _ -`},
	{"name a number", strings.Replace(good, "p", "1", 1) + tasks, `p.yaml:1:7: name is of type integer: want a string`},
	{"no budget", "name: p\n" + tasks, "p.yaml:1:1: the pipeline has no budget: add budget: {forecast: {ops: …, entropy: …}, shadow: {ops: …, entropy: …}}, or budgets with several of them by name"},
	{"budgets mistyped", "name: p\nbudgts: {}\n" + tasks, `p.yaml:2:1: unknown key "budgts" in the pipeline: did you mean "budgets"?`},
	{"both budgets", good + "budgets: {a: {forecast: {ops: 1}, shadow: {ops: 1}}}\n" + tasks, "p.yaml:3:10: there are both budget and budgets: keep one"},
	{"budgets empty", "name: p\nbudgets: {}\n" + tasks, "p.yaml:2:10: budgets is empty: want at least one, as in tight: {forecast: {ops: …}, shadow: {ops: …}}"},
	{"budgets a list", "name: p\nbudgets: [a]\n" + tasks, "p.yaml:2:10: budgets is of type array: want budgets by names of your own, as in tight: {forecast: {ops: …}, shadow: {ops: …}}"},
	{"many mistakes in budgets", "name: p\nbudgets:\n  a.b: {forecast: {ops: 1}, shadow: {ops: 1}}\n  c: {forecast: {ops: -1, entropy: -2}, shadow: {entropy: 1}}\n  d: {forecast: {ops: 1}}\n  e: 1\n" + tasks,
		`p.yaml:3:3: budget name "a.b": character 2 is ".": want only A-Z a-z 0-9 _ -` + "\np.yaml:4:23: ops of the c forecast budget is -1: want 0 or more\np.yaml:4:36: entropy of the c forecast budget is -2: want 0 or more\n" +
			"p.yaml:4:49: c shadow budget has no ops: add the ops that the lane may spend in a tick\np.yaml:5:6: budget d has no shadow: add what the lane may spend in a tick: {ops: …, entropy: …}\np.yaml:6:6: budget e is of type integer: want keys among forecast, shadow"},
	{"no shadow budget", "name: p\nbudget: {forecast: {ops: 1, entropy: 0}}\n" + tasks, "p.yaml:2:9: budget has no shadow: add what the lane may spend in a tick: {ops: …, entropy: …}"},
	{"no ops", strings.Replace(good, "ops: 1, ", "", 1) + tasks, "p.yaml:2:20: forecast budget has no ops: add the ops that the lane may spend in a tick"},
	{"negative budget", strings.Replace(good, "ops: 1", "ops: -1", 1) + tasks, "p.yaml:2:26: ops of the forecast budget is -1: want 0 or more"},
	{"float budget", strings.Replace(good, "ops: 1", "ops: 1.0", 1) + tasks, "p.yaml:2:26: ops of the forecast budget is of type float: want an integer"},
	{"null budget", "name: p\nbudget:\n" + tasks, "p.yaml:2:8: budget is of type null: want keys among forecast, shadow"},

	{"one run", good + tasks + "runs: 1\n", "p.yaml:5:7: runs is 1: want 2 to 1000"},
	{"too many runs", good + tasks + "runs: 10001\n", "p.yaml:5:7: runs is 10001: want 2 to 1000"},
	{"runs a string", good + tasks + "runs: '12'\n", "p.yaml:5:7: runs is of type string: want an integer"},
	{"no ticks", good + tasks + "ticks: 0\n", "p.yaml:5:8: ticks is 0: want at least 1"},
	{"ticks beyond 64 bits", good + tasks + "ticks: 9223372036854775808\n", "p.yaml:5:8: ticks is too large for 64 bits: want at most 9223372036854775807"},
	{"negative first tick", good + tasks + "first_tick: -1\n", "p.yaml:5:13: first_tick is -1: want 0 or more"},
	{"first tick overflows", good + tasks + "first_tick: 9223372036854775807\n", "p.yaml:5:13: first_tick is 9223372036854775807: with 1 ticks it goes beyond 64 bits, lower it"},

	{"no tasks key", good, "p.yaml:1:1: the pipeline has no tasks: add a list of tasks; a file without them is for a Go program, which reads it with -f"},
	{"no tasks", good + "tasks: []\n", "p.yaml:3:8: there are no tasks: want at least one"},
	{"tasks not a list", good + "tasks: {a: 1}\n", `p.yaml:3:9: unknown key "a" in tasks: want keys among from`},
	{"task not an object", good + "tasks: [a]\n", "p.yaml:3:9: task 1 is of type string: want keys among name, lane, priority, cost, tags, steps, starlark, starlark_file, worker, command, ignore, round"},
	{"task without name", good + "tasks: [{lane: forecast}]\n", "p.yaml:3:9: task 1 has no name: add one that no other task has\np.yaml:3:9: task 1 has nothing to run: add starlark: | and a function run(ctx), or starlark_file, worker or command"},
	{"empty task name", good + strings.Replace(tasks, "name: t", "name: ''", 1), "p.yaml:4:10: the name is empty: give the task one"},
	{"task name taken", good + tasks + "- {name: u, lane: shadow, starlark: 'def run(ctx): return 1'}\n- {name: t, lane: shadow, starlark: 'def run(ctx): return 1'}\n", `p.yaml:6:10: two tasks have the name "t": give each its own; the first is on line 4`},
	{"no lane", good + strings.Replace(tasks, "lane: forecast, ", "", 1), "p.yaml:4:3: task 1 has no lane: add forecast or shadow"},
	{"unknown lane", good + strings.Replace(tasks, "forecast", "Forecast", 1), `p.yaml:4:19: unknown lane "Forecast": want forecast or shadow`},
	{"negative cost", good + strings.Replace(tasks, "lane", "cost: {entropy: -2}, lane", 1), "p.yaml:4:29: entropy of the cost is -2: want 0 or more"},
	{"priority a string", good + strings.Replace(tasks, "lane", "priority: high, lane", 1), "p.yaml:4:23: priority is of type string: want an integer"},
	{"tag not a string", good + strings.Replace(tasks, "lane", "tags: [a, 1], lane", 1), "p.yaml:4:23: a tag is of type integer: want a string"},
	{"tags not a list", good + strings.Replace(tasks, "lane", "tags: a, lane", 1), "p.yaml:4:19: tags is of type string: want a list of strings"},
	{"tags too long", good + strings.Replace(tasks, "lane", "tags: ["+strings.Repeat("x", 65536)+"], lane", 1), "p.yaml:4:10: task \"t\"…: name and tags take 65552 bytes: at most 8192 fit in an event"},
	{"no steps", good + strings.Replace(tasks, "lane", "steps: 0, lane", 1), "p.yaml:4:20: steps is 0: want at least 1"},

	{"no code", good + "tasks: [{name: t, lane: forecast}]\n", "p.yaml:3:9: task 1 has nothing to run: add starlark: | and a function run(ctx), or starlark_file, worker or command"},
	{"code twice", good + "tasks: [{name: t, lane: forecast, starlark: a, starlark_file: b}]\n", "p.yaml:3:63: task 1 has both starlark and starlark_file: keep one"},
	{"syntax error in a block", good + "tasks:\n- name: t\n  lane: forecast\n  starlark: |\n\n    def run(ctx):\n      return (1\n", "p.yaml:10:1: Starlark: got outdent, want ')'"},
	{"undefined name in a block", good + "tasks:\n- name: t\n  lane: forecast\n  starlark: |\n\n    # é\n    def run(ctx):\n      return 1 + y\n", "p.yaml:10:18: Starlark: undefined: y"},
	{"undefined name in quotes", good + strings.Replace(tasks, "return 1", "return y", 1), "p.yaml:4:39: line 1 of the code: Starlark: undefined: y"},
	{"no function run", good + "tasks:\n- name: t\n  lane: forecast\n  starlark: |\n    def ran(ctx):\n      return 1\n", "p.yaml:7:5: Starlark: there is no function run: add def run(ctx):"},
	{"run without argument", good + "tasks:\n- name: t\n  lane: forecast\n  starlark: |\n    x = 1\n    def run():\n      return 1\n", "p.yaml:8:5: Starlark: the function run must take one argument: def run(ctx):"},
	{"run fails as it is read", good + "tasks:\n- name: t\n  lane: forecast\n  starlark: |\n    x = 1 // 0\n", "p.yaml:7:11: Starlark: floored division by zero"},
	{"runaway as it is read", good + "tasks:\n- name: t\n  lane: forecast\n  steps: 1000\n  starlark: |\n    x = [i for i in range(1000000)]\n", "p.yaml:8:12: Starlark: stopped after 1000 steps: let it do less, or raise steps"},
	{"load", good + "tasks:\n- name: t\n  lane: forecast\n  starlark: |\n    load('a.star', 'b')\n", "p.yaml:7:10: Starlark: load is not available: a task is one file"},
	{"code empty", good + "tasks:\n- name: t\n  lane: forecast\n  starlark: |\n", "p.yaml:7:1: Starlark: there is no function run: add def run(ctx):"},
	{"code file missing", good + "tasks:\n- {name: t, lane: forecast, starlark_file: sub/t.star}\n", "p.yaml:4:44: sub/t.star: no such file or directory: check the path"},
	{"code file a folder", good + "tasks:\n- {name: t, lane: forecast, starlark_file: .}\n", "p.yaml:4:44: .: is a directory: want a file that can be read"},
	{"code file unnamed", good + "tasks:\n- {name: t, lane: forecast, starlark_file: ''}\n", "p.yaml:4:44: starlark_file is empty: name a file"},
	{"error in code file", "-- p.yaml --\n" + good + "tasks:\n- {name: t, lane: forecast, starlark_file: sub/t.star}\n-- sub/t.star --\ndef run(ctx):\n\treturn 1 +\n", "sub/t.star:2:12: Starlark: got newline, want primary expression"},

	{"both contexts", good + tasks + "context: {}\ncontexts: [{}]\n", "p.yaml:6:11: there are both context and contexts: keep one"},
	{"context not an object", good + tasks + "context: [1]\n", "p.yaml:5:10: context is of type array: want an object"},
	{"contexts not objects", good + tasks + "contexts:\n- {}\n- a\n", "p.yaml:7:3: context 2 is of type string: want an object"},
	{"contexts empty", good + tasks + "contexts: []\n", "p.yaml:5:11: contexts is empty: want at least one object"},
	{"contexts a string", good + tasks + "contexts: a.jsonl\n", "p.yaml:5:11: contexts is of type string: want a list of objects, {file: …} or {text: …}"},
	{"contexts of nothing", good + tasks + "contexts: {}\n", "p.yaml:5:11: contexts must be a list, or name one file: {file: …} or {text: …}"},
	{"contexts of two files", good + tasks + "contexts: {file: a, text: b}\n", "p.yaml:5:11: contexts must be a list, or name one file: {file: …} or {text: …}"},
	{"contexts file missing", good + tasks + "contexts: {file: a.jsonl}\n", "p.yaml:5:18: a.jsonl: no such file or directory: check the path"},
	{"more ticks than contexts", good + tasks + "contexts: [{}, {}]\nticks: 3\n", "p.yaml:6:8: 3 ticks, but only 2 contexts: lower ticks, or give one context for all of them"},
	{"broken line of contexts", "-- p.yaml --\n" + good + tasks + "contexts: {file: ticks.jsonl}\n-- ticks.jsonl --\n{}\n{}\n{\"é\": 1,}\n", `ticks.jsonl:3:9: unexpected '}': want the name of a member, in double quotes`},
	{"empty line of contexts", "-- p.yaml --\n" + good + tasks + "contexts: {file: ticks.jsonl}\n-- ticks.jsonl --\n{}\n\n{}\n", `ticks.jsonl:2:1: the line is empty: want one JSON object a line`},
	{"line of contexts not an object", "-- p.yaml --\n" + good + tasks + "contexts: {file: ticks.jsonl}\n-- ticks.jsonl --\n{}\n[]\n", `ticks.jsonl:2:1: the context is of type array: want an object`},
	{"no lines of contexts", "-- p.yaml --\n" + good + tasks + "contexts: {file: ticks.jsonl}\n-- ticks.jsonl --\n", `ticks.jsonl:1:1: there are no contexts: want one JSON object a line`},
	{"no paragraph", "-- p.yaml --\n" + good + tasks + "contexts: {text: a.md}\n-- a.md --\n\n  \n", `p.yaml:5:18: a.md: there is no paragraph in it: want a text`},
}

// laughs multiplies the anchor a by 10^5.
const laughs = `  b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
  c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
  d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
  e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
  f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]
`

func TestBadFiles(t *testing.T) {
	for _, test := range slices.Concat(badFiles, badProcesses) {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(writeFiles(t, test.files))
			f, err := Load("p.yaml")
			if err == nil {
				t.Fatalf("no error, want %s", test.want)
			}
			if err.Error() != test.want {
				t.Errorf("error\n     %s\nwant %s", err, test.want)
			}
			if _, ok := errors.AsType[*program.Error](err); !ok || f != nil || !errors.Is(err, program.ErrInvalid) {
				t.Errorf("got %v and a %T that is invalid: %t", f, err, errors.Is(err, program.ErrInvalid))
			}
		})
	}
}

// writeFiles writes files, a txtar archive or p.yaml alone, to a new folder.
func writeFiles(t *testing.T, files string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, f := range txtarFiles(files) {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// txtarFiles are the files of an archive, or p.yaml alone.
func txtarFiles(files string) []txtar.File {
	if archive := txtar.Parse([]byte(files)); len(archive.Files) > 0 {
		return archive.Files
	}
	return []txtar.File{{Name: "p.yaml", Data: []byte(files)}}
}
