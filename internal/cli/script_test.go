package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/internal/testpython"
	"abraxas.dev/ers/internal/testsize"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/evaluator"
)

// Programs are the commands that scripts know.
var Programs = map[string]func(){"ers": Main}

func TestMain(m *testing.M) {
	testsize.Wait(2)
	evaluator.Main()
	process.Main()
	testpython.First(Programs)
	testscript.Main(m, Programs)
}

// The scripts in testdata use the command as people do. They know some words of their
// own, see below; $ORACLE is the pipeline file of the oracle example, $WORKERS the folder of the workers.
func TestScripts(t *testing.T) {
	oracle, err := filepath.Abs("../../examples/oracle/pipeline.yaml")
	if err != nil {
		t.Fatal(err)
	}
	goCaches := goCaches()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Condition: func(name string) (bool, error) {
			switch name {
			case "long": // the mode of .ci/run with what takes long
				return os.Getenv("ERS_LONG") != "", nil
			case "whole":
				return testsize.Whole(), nil
			}
			return false, fmt.Errorf("there is no condition %q", name)
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("ORACLE", oracle)
			e.Setenv("SOURCES", filepath.Dir(filepath.Dir(filepath.Dir(oracle))))
			e.Vars = append(e.Vars, goCaches...)
			e.Setenv("WORKERS", filepath.Join(filepath.Dir(oracle), "../workers"))
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, ".config"))
			e.Values[backgroundsKey] = make(map[string]*background)
			e.Values[contentsKey{}] = make(map[string]string)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "one": one, "verdict": verdict, "frame": frame, "start": start, "await": await, "end": end, "tty": tty, "typed": typed, "server": natsServer, "mode": mode,
			"unchanged": unchanged, "empty": empty, "damage": damage, "ids": ids,
		},
	})
}

// goCaches are the variables with which a go command in a script finds what it has here,
// and asks nobody; none where there is no Go.
func goCaches() (list []string) {
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		if path, err := exec.Command("go", "env", name).Output(); err == nil {
			list = append(list, name+"="+strings.TrimSpace(string(path)))
		}
	}
	return append(list, "GOPROXY=off", "GOTOOLCHAIN=local", "GOWORK=off")
}

// exits CODE COMMAND… runs a command that must end with this exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		code = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s\n[stdout]\n%s[stderr]\n%s", code, args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// one FILE TEXT… wants one line in the file, with each text in it; FILE is stdout,
// stderr or a name.
func one(ts *testscript.TestScript, _ bool, args []string) {
	line, isLine := strings.CutSuffix(ts.ReadFile(args[0]), "\n")
	if !isLine || line == "" || strings.Contains(line, "\n") {
		ts.Fatalf("%s is not one line:\n%s", args[0], line)
	}
	for _, text := range args[1:] {
		if !strings.Contains(line, text) {
			ts.Fatalf("%s has no %q:\n%s", args[0], text, line)
		}
	}
}

// verdict OUTCOME [KIND] wants standard output to be one verdict document with this
// outcome, of a divergence of this kind, and puts its trace hash into $HASH and the
// window into $WINDOW.
func verdict(ts *testscript.TestScript, _ bool, args []string) {
	one(ts, false, []string{"stdout"})
	text := ts.ReadFile("stdout")
	var v events.Verdict
	ts.Check(events.Decode([]byte(text), &v))
	if document, err := events.Encode(v); err != nil || string(document)+"\n" != text {
		ts.Fatalf("the document is not in canonical form: %v", err)
	}
	if string(v.Outcome) != args[0] {
		ts.Fatalf("outcome %s, want %s:\n%s", v.Outcome, args[0], text)
	}
	if len(args) > 1 && (v.Divergence == nil || string(v.Divergence.Kind) != args[1]) {
		ts.Fatalf("divergence %+v, want one of kind %s", v.Divergence, args[1])
	}
	ts.Setenv("HASH", v.ExpectedHash)
	ts.Setenv("WINDOW", strconv.FormatUint(v.Window, 10))
}

// frame FILE writes a message of ERS_TRACE.
func frame(ts *testscript.TestScript, _ bool, args []string) {
	tick := events.Tick{Tick: 3,
		Events:  []events.TraceEvent{{Tick: 3, Task: "a", CostOps: 2, Meta: `{"tags":[]}`}},
		Results: []events.TaskResult{{Name: "a", Value: `[1,1.0,"ü"]`, CostOps: 2}},
	}
	p := events.Position{Request: strings.Repeat("ab", 32), RunKey: events.RunKey{Pipeline: "p", Window: 5, Run: 7}, Ticks: 4}
	var encoder events.FrameEncoder
	ts.Check(encoder.Encode(p, &tick, 1<<20, func(frame []byte, _ int) error {
		return os.WriteFile(ts.MkAbs(args[0]), frame, 0o644)
	}))
}

// The canonical bytes and hashes that CPython has made come out of `ers canon`.
func TestCanonVectors(t *testing.T) {
	vectors, err := os.ReadFile("../../pkg/canon/testdata/canon.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var sources, want []string
	for sc := canon.NewScanner(vectors); sc.Next(); {
		members := make(map[string]string)
		for name, v := range sc.Value().Members() {
			members[name], _ = v.Text()
		}
		sources = append(sources, members["source"])
		want = append(want, members["sha256"]+"  "+members["canonical"]+"\n")
	}
	var out strings.Builder
	in := strings.NewReader(strings.Join(sources, "\n"))
	if err := new(canonCommand).Run(&streams{in: in, out: &out}); err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(strings.Lines(out.String())); len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("%d lines, want %d of other text", len(got), len(want))
	}
}
