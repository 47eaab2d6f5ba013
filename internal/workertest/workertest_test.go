package workertest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"abraxas.dev/ers/internal/testsize"
	"abraxas.dev/ers/pkg/canon"
)

// self is the command of the worker that this program is with a fault.
func self(t *testing.T, name string) Options {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Options{Command: []string{"env", fault + "=" + name, program}, Contexts: []canon.Value{`{"a":1}`}}
}

func TestTheKitKeepsAllRules(t *testing.T) {
	names := map[string]bool{}
	hello, err := Run(context.Background(), self(t, "kit"), func(r Result) {
		if r.Outcome != Passed {
			t.Errorf("%s: %s: %s", r.Name, r.Outcome, r.Seen)
		}
		if names[r.Name] || len(r.Why) < 20 {
			t.Errorf("%s: twice, or without a reason: %q", r.Name, r.Why)
		}
		names[r.Name] = true
	})
	if err != nil || len(hello.Tasks) != 5 || len(names) < 30 {
		t.Errorf("%+v, %d checks, %v", hello, len(names), err)
	}
}

// Every fault is seen by the check that is there for it.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ fault, check, seen string }{
		{"silent", "hello-comes", "it ended in the middle of the run: exit status 0"},
		{"banner", "hello-first", "no message: standard output is for the protocol alone"},
		{"protocol", "hello-protocol", `"ers-worker/9": this ERS speaks ers-worker/1`},
		{"twins", "hello-tasks", `/tasks/3/name: "a" stands twice`},
		{"members", "hello-members", "/version: unknown member"},
		{"about", "hello-about", "about itself, then"},
		{"other tasks", "hello-again", "task 3 was {Name:d"},
		{"zone", "hello-elsewhere", "then {Name:in Pacific/Auckland"},
		{"eager", "hello-only", "it answers without having been asked"},
		{"twice", "answers-once", `it answers for the task "a" where "b" has its turn`},
		{"prints", "answers-once", "no message: standard output is for the protocol alone"},
		{"status", "answers-once", `unknown status "fine"`},
		{"sorted", "answers-order", `it answers for the task "a" where "b" has its turn`},
		{"always all", "answers-some", `it answers for the task "a" where "b" has its turn`},
		{"always answers", "answers-none", `it answers for the task "a" where "b" has its turn`},
		{"loses lines", "lines-ahead", "cannot read:"},
		{"random", "same-again", `tick 0 in a second process: task "a": ok`},
		{"zone value", "same-elsewhere", "another time zone and locale: task"},
		{"first result", "results-replaced", `task "a": ok`},
		{"keeps results", "results-forgotten", `task "a": ok`},
		{"keeps previous", "previous-forgotten", `task "a": ok`},
		{"shadow previous", "previous-shadow", `task "c": ok`},
		{"old context", "context-new", `task "a": ok`},
		{"short lines", "context-large", "it ended in the middle of the run: exit status 4"},
		{"floats", "numbers-kept", "returns the numbers [1,1.0,-0.0,0.1,1e+16] of its context as [1,1,0,0.1,10000000000000000]"},
		{"floats", "context-bigint", ""},
		{"foreign", "numbers-own", `returns at "/large" a number that the worker itself does not take`},
		{"pid error", "errors-stable", "in a second process: task"},
		{"pid error", "errors-clean", "holds the number of its process"},
		{"address", "errors-clean", "holds an address, 0x7f30a1b2c3d4"},
		{"path", "errors-clean", "holds a path of this machine, below "},
		{"time", "errors-clean", "holds a time, 2024-01-02 03:04"},
		{"content", "content", "it asks for a content that no result names"},
		{"memory", "memory", "MiB, after 1200 ticks "},
		{"exit code", "end", "it ended with exit status 3: want exit status 0"},
		{"last words", "end-idle", `it wrote after the end of its input: "bye\n"`},
		{"child", "end-children", "a process that it started is still there after its end"},
	} {
		t.Run(c.fault+" "+c.check, func(t *testing.T) {
			t.Parallel()
			r := only(t, self(t, c.fault), c.check)
			if c.seen == "" {
				if r.Outcome != Passed {
					t.Errorf("%s: %s", r.Outcome, r.Seen)
				}
			} else if r.Outcome != Failed || !strings.Contains(r.Seen, c.seen) {
				t.Errorf("%s: %s\nwant to see %s", r.Outcome, r.Seen, c.seen)
			}
		})
	}
}

// only makes one check.
func only(t *testing.T, o Options, name string) Result {
	t.Helper()
	s := newSuite(context.Background(), o)
	if err := s.meet(); err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if c.name == name {
			return c.result(c.run(s))
		}
	}
	t.Fatalf("there is no check %s", name)
	return Result{}
}

// What a worker's tasks cannot show is not seen, and never passed.
func TestNotSeen(t *testing.T) {
	for _, name := range []string{"results-seen", "results-replaced", "results-own", "previous-seen", "previous-shadow", "context-new", "context-nan", "numbers-kept", "errors-stable", "content"} {
		if r := only(t, self(t, "blind"), name); r.Outcome != NotSeen || r.Seen == "" {
			t.Errorf("%s: %s %s", name, r.Outcome, r.Seen)
		}
	}
	for _, c := range checks {
		if strings.HasPrefix(c.name, "hello-") || c.name == "end-early" {
			continue
		}
		if r := only(t, self(t, "protocol"), c.name); r.Outcome != NotSeen || r.Seen != noHello {
			t.Errorf("without a hello, %s: %s %s", c.name, r.Outcome, r.Seen)
		}
	}
}

func TestNoCommand(t *testing.T) {
	_, err := Run(context.Background(), Options{Command: []string{filepath.Join(t.TempDir(), "missing")}}, func(Result) {})
	if !errors.Is(err, ErrStart) {
		t.Error(err)
	}
}

// A worker that never answers is waited for no longer than was said.
func TestTimeout(t *testing.T) {
	r := only(t, Options{Command: []string{"cat", "/dev/zero", "-u"}, Timeout: time.Second}, helloFirst) // a line without end, or none in time
	if r.Outcome == Passed {
		t.Errorf("%s %s", r.Outcome, r.Seen)
	}
	r = only(t, Options{Command: []string{"sh", "-c", "cat >&2; sleep 60"}, Timeout: time.Second}, helloComes)
	if r.Outcome != Failed || !strings.Contains(r.Seen, "nothing came within 1s: does it flush its output after each message?") {
		t.Errorf("%s %s", r.Outcome, r.Seen)
	}
}

// The workers of the examples keep the rules.
func TestExamples(t *testing.T) {
	testsize.NeedsWhole(t)
	for _, command := range [][]string{{"node", "worker.js"}, {"jq", "sh", "worker.sh"}} {
		t.Run(command[0], func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skipf("%s is not here: install it to check the worker that is written with it", command[0])
			}
			if command[0] == "jq" {
				command = command[1:]
			}
			command[1] = filepath.Join("..", "..", "examples", "workers", command[1])
			contexts := []canon.Value{`{"samples":[1,2,4]}`, `{"samples":[3.5]}`, `{"samples":[]}`}
			seen := 0
			_, err := Run(context.Background(), Options{Command: command, Contexts: contexts, Timeout: time.Minute}, func(r Result) {
				if r.Outcome == Failed {
					t.Errorf("%s: %s", r.Name, r.Seen)
				}
				if r.Outcome == Passed {
					seen++
				}
			})
			if err != nil || seen < 45 {
				t.Errorf("%d checks were seen to pass, %v", seen, err)
			}
		})
	}
}
