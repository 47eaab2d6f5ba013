package pipeline

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// many is a file with every kind of mistake at once, of which none makes another.
const many = `-- p.yaml --
name: 5
runs: 0
buget: {forecast: {ops: 1, entropy: 0}, shadow: {ops: -1, entropy: 0}}
first_tick: -1
context: {a: 010, b: !!binary aGk=}
tasks:
- {name: a, lane: forcast, starlark_file: nowhere.star}
- {name: a, lane: forecast, priority: high, steps: 0, starlark: "def run(ctx): return x + y"}
- {nam: b, lane: shadow, cost: {ops: -1, entropy: -1}, starlark_file: t.star}
- {lane: shadow, starlark: "def run(ctx): return 1", starlark_file: t.star}
- name: c
  lane: shadow
  starlark: |
    def run(ctx):
      return a + (b
  name: d
- 7
-- t.star --
def run(ctx):
    return a
    return b
`

const manyWant = `p.yaml:1:7: name is of type integer: want a string
p.yaml:2:7: runs is 0: want 2 to 1000
p.yaml:3:1: unknown key "buget" in the pipeline: did you mean "budget"?
p.yaml:4:13: first_tick is -1: want 0 or more
p.yaml:5:14: readers of YAML disagree about the number 010: write it in plain decimal, or as a string in quotes
p.yaml:5:22: the tag !!binary is not supported: remove it; a text in quotes is a string
p.yaml:7:19: unknown lane "forcast": want forecast or shadow
p.yaml:7:43: nowhere.star: no such file or directory: check the path
p.yaml:8:10: two tasks have the name "a": give each its own; the first is on line 7
p.yaml:8:39: priority is of type string: want an integer
p.yaml:8:52: steps is 0: want at least 1
p.yaml:8:65: line 1 of the code: Starlark: undefined: x
p.yaml:8:65: line 1 of the code: Starlark: undefined: y
p.yaml:9:4: unknown key "nam" in task 3: did you mean "name"?
p.yaml:9:38: ops of the cost is -1: want 0 or more
p.yaml:9:51: entropy of the cost is -1: want 0 or more
p.yaml:10:3: task 4 has no name: add one that no other task has
p.yaml:10:69: task 4 has both starlark and starlark_file: keep one
p.yaml:16:3: the key "name" stands twice, first on line 11: remove one
p.yaml:16:10: Starlark: got outdent, want ')'
p.yaml:17:3: task 6 is of type integer: want keys among name, lane, priority, cost, tags, steps, starlark, starlark_file, worker, command, ignore, round
t.star:2:12: Starlark: undefined: a
t.star:3:12: Starlark: undefined: b
`

// manyOfProcesses is the same for workers and commands.
const manyOfProcesses = `name: p
budget: {forecast: {ops: 1, entropy: 0}, shadow: {ops: 1, entropy: 0}}
workers:
  "a b": {command: [x]}
  unused: {command: [x], timeout: 5}
  w: {comand: [x], memory: lots, network: maybe, env: {A: 1, "": b}}
  v: {command: [1, 2], env: [A]}
tasks:
- {name: a, lane: forecast, worker: w}
- {name: b, lane: forecast, worker: x}
- {name: c, lane: forecast, worker: v, command: [x]}
- {name: d, lane: forecast, worker: v, steps: 5}
- {name: e, lane: forecast, command: {pass: [A, A], timeout: 0s, dir: ../x, expect_exit: 256, stdin: {}}}
- {name: f, lane: forecast, command: []}
- {name: g, lane: forecast, starlark: "def run(ctx): return z"}
- {name: h, lane: forecast, worker: "a b"}
- {name: h2, lane: forecast, worker: "a b", ignore: ["value#json:/x", "value#json:/x"], round: ["stdout#json:/a=3"]}
- {name: h3, lane: forecast, worker: "a b", ignore: ["value#json:/x", "value#xml:/x"]}
- {name: i, lane: forecast, worker: 7, ignore: [1], round: x}
`

const manyOfProcessesWant = `p.yaml:4:10: worker name "a b": character 2 is " ": want only A-Z a-z 0-9 _ -
p.yaml:5:35: timeout: want a time such as 60s, 1m30s or 500ms
p.yaml:6:7: unknown key "comand" in worker "w": did you mean "command"?
p.yaml:6:28: memory: "lots" is not a size: want a number of bytes, or one with KiB, MiB or GiB, as in 512MiB
p.yaml:6:43: network is of type string: want true or false
p.yaml:6:55: "" is not a name of a variable: want one without = in it
p.yaml:6:59: variable A is of type integer: want a string
p.yaml:7:17: an element of command is of type integer: want a string
p.yaml:7:20: an element of command is of type integer: want a string
p.yaml:7:29: env is of type array: want names with a value each, as in {TZ: UTC}
p.yaml:10:37: there is no worker "x": want one of a b, unused, v, w
p.yaml:11:49: task 3 has both worker and command: keep one
p.yaml:12:47: task 4 has steps beside a worker or a command: keep one
p.yaml:13:38: the command of task 5 has no run: add the program and its arguments, as in [python3, sum.py]
p.yaml:13:45: variable "A" stands twice, or not in its order
p.yaml:13:62: timeout is 0 ms: want at least 1
p.yaml:13:71: dir is "../x": want a folder below that of the pipeline file, with slashes
p.yaml:13:90: expect_exit is 256: want 0 to 255
p.yaml:13:102: stdin has no file: add the file that is read, or give stdin as a text
p.yaml:14:38: the command is empty: want a program and its arguments, as in [python3, tasks.py]
p.yaml:15:3: the task "g" needs either worker or command: tasks in Starlark make a pipeline of their own
p.yaml:15:39: line 1 of the code: Starlark: undefined: z
p.yaml:17:97: rule "stdout#json:/a=3": only a command has stdout: write value#json:/pointer
p.yaml:18:71: ignore "value#xml:/x": behind # stands json: and a pointer, or line: and a regular expression; write ? for the # of a path
p.yaml:19:37: worker is of type integer: want a string
p.yaml:19:49: a rule of ignore is of type integer: want a string
p.yaml:19:60: round is of type string: want a list of rules
`

func TestAllMistakes(t *testing.T) {
	for files, want := range map[string]string{many: manyWant, manyOfProcesses: manyOfProcessesWant} {
		t.Run("", func(t *testing.T) {
			t.Chdir(writeFiles(t, files))
			_, err := Load("p.yaml")
			m, ok := errors.AsType[*Mistakes](err)
			if !ok {
				t.Fatalf("%T %v", err, err)
			}
			got := ""
			for _, e := range m.List {
				got += e.Error() + "\n"
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error("-want +got\n", diff)
			}
		})
	}
}

// Ten lines are an error text, fifty mistakes are told.
func TestTooManyMistakes(t *testing.T) {
	_, err := load("p.yaml", good+tasks+strings.Repeat("- 1\n", 60), noFiles, nil)
	m, _ := errors.AsType[*Mistakes](err)
	if m == nil || len(m.List) != 50 || m.More != 10 {
		t.Fatalf("%T %v", err, err)
	}
	lines := strings.Split(m.Error(), "\n")
	if len(lines) != 11 || lines[10] != "p.yaml: and 50 more: `ers validate -f FILE` tells them" {
		t.Errorf("got %d lines:\n%s", len(lines), m)
	}
}
