package compare

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/command"
)

// withObjects are runs in memory whose values name objects.
type withObjects struct {
	Memory
	objects map[string]command.Object
}

func (w withObjects) Object(sha string) (io.ReadCloser, error) {
	o, ok := w.objects[sha]
	if !ok {
		return nil, events.ErrNotFound
	}
	return o.Open()
}

func stdout(s string) command.Output {
	return command.Output{Stdout: command.Memory([]byte(s))}
}

func file(path string, f command.File) command.Output {
	return command.Output{Files: map[string]command.File{path: f}}
}

// commands are windows of a command in which run 2 comes to something else.
var commands = []struct {
	name        string
	normal, odd command.Output
	lost        bool // the objects
}{
	{name: "command-text", normal: stdout("one\ntwo\nthree\n"), odd: stdout("one\ntwo \nthree\n")},
	{name: "command-line-less", normal: stdout("one\ntwo\n"), odd: stdout("one\n")},
	{name: "command-json", normal: stdout(`{"meta":{"date":"today"}}`), odd: stdout(`{"meta":{"date":"tomorrow"}}`)},
	{name: "command-json-bytes", normal: stdout(`{"a":1}`), odd: stdout(`{"a": 1}`)},
	{name: "command-jsonl", normal: stdout("{\"a\":1}\n{\"a\":2}\n"), odd: stdout("{\"a\":1}\n{\"a\":2.0}\n")},
	{name: "command-kinds", normal: stdout("{\"a\":1}\n"), odd: stdout("Traceback (most recent call last):\n")},
	{name: "command-exit", odd: command.Output{Exit: 1, Stderr: command.Memory([]byte("killed\n"))}},
	{name: "command-signal", odd: command.Output{Signal: "SIGSEGV"}},
	{name: "command-object", normal: stdout(strings.Repeat("a line\n", 10_000) + "last\n"), odd: stdout(strings.Repeat("a line\n", 10_000) + "lost\n")},
	{name: "command-object-lost", lost: true, normal: stdout(strings.Repeat("a line\n", 10_000) + "last\n"), odd: stdout(strings.Repeat("a line\n", 10_000) + "lost\n")},
	{name: "command-bytes", normal: file("out.bin", command.File{Type: command.Regular, Content: command.Memory(make([]byte, 100))}),
		odd: file("out.bin", command.File{Type: command.Regular, Content: command.Memory(append(make([]byte, 99), 1))})},
	{name: "command-file-less", normal: file("out/a.txt", command.File{Type: command.Regular}), odd: command.Output{Files: map[string]command.File{}}},
	{name: "command-file-link", normal: file("out/a.txt", command.File{Type: command.Regular}), odd: file("out/a.txt", command.File{Type: command.Link, Target: "b.txt"})},
}

// The verdict says what differs as what it is, and package report words it.
func TestCommands(t *testing.T) {
	for _, c := range commands {
		t.Run(c.name, func(t *testing.T) {
			w := newTestWindow(3)
			src := withObjects{w.runs, make(map[string]command.Object)}
			for run := range 3 {
				out := c.normal
				if run == 2 {
					out = c.odd
				}
				m, err := out.Make(command.Options{})
				if err != nil {
					t.Fatal(err)
				}
				w.result(run, 0, 1).Value = canon.Value(m.Value)
				for _, o := range m.Objects {
					if !c.lost {
						src.objects[o.SHA256] = o
					}
				}
			}
			w.seal(t)
			v, err := Judge(w.key(), &w.req, w.last, src)
			if err != nil {
				t.Fatal(err)
			}
			if v.Outcome != events.Fail || (v.Divergence.Content == nil) != c.lost {
				t.Errorf("%s: %+v", v.Outcome, v.Divergence)
			}
			checkGolden(t, filepath.Join("testdata", c.name+".json"), encode(t, &v))
		})
	}
}

// A source that fails for now gives no verdict; an object that is damaged, one that does
// not say what is in it.
func TestObjectsThatFail(t *testing.T) {
	for failure, judged := range map[error]bool{events.ErrDamaged: true, fmt.Errorf("object: %w", events.ErrNotFound): true, io.ErrClosedPipe: false} {
		w := newTestWindow(2)
		for run, out := range []command.Output{stdout(strings.Repeat("a", 100_000)), stdout(strings.Repeat("b", 100_000))} {
			m, err := out.Make(command.Options{})
			if err != nil {
				t.Fatal(err)
			}
			w.result(run, 0, 1).Value = canon.Value(m.Value)
		}
		w.seal(t)
		v, err := Judge(w.key(), &w.req, w.last, failing{w.runs, failure})
		if (err == nil) != judged || judged && (v.Outcome != events.Fail || v.Divergence.Content != nil) {
			t.Errorf("%v: %s, %v", failure, v.Outcome, err)
		}
	}
}

type failing struct {
	Memory
	err error
}

func (f failing) Object(string) (io.ReadCloser, error) { return nil, f.err }

// What a command came to after a restart is explained like the outputs of two runs.
func TestCommandsAgain(t *testing.T) {
	for _, c := range commands {
		t.Run(c.name, func(t *testing.T) {
			w := newTestWindow(3)
			src := withObjects{w.runs, make(map[string]command.Object)}
			var sides [2]events.Tick
			for i, out := range []command.Output{c.normal, c.odd} {
				m, err := out.Make(command.Options{})
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range m.Objects {
					if !c.lost {
						src.objects[o.SHA256] = o
					}
				}
				w.result(2, 0, 1).Value = canon.Value(m.Value)
				sides[i] = w.runs[2][0]
				sides[i].Results = slices.Clone(sides[i].Results)
			}
			own, err := Restart(&sides[0], &sides[1])
			if err != nil || own == nil {
				t.Fatalf("%+v, %v", own, err)
			}
			w.result(2, 0, 1).Value = sides[0].Results[1].Value
			w.seal(t)
			w.last[2].Done, w.last[2].Difference = 1, own
			v, err := Judge(w.key(), &w.req, w.last, src)
			if err != nil {
				t.Fatal(err)
			}
			d := v.Divergence
			if v.Outcome != events.Fail || d.Kind != events.KindRestart || !strings.HasPrefix(d.Pointer, "/value/") || (d.Content == nil) != c.lost {
				t.Errorf("%s: %+v", v.Outcome, d)
			}
			plain, err := classify(&sides[0], &sides[1])
			if err != nil || d.Pointer != plain.pointer || d.Expected.Present != (plain.expected != "") {
				t.Errorf("%s, %v: want %s as of two runs", d.Pointer, err, plain.pointer)
			}
		})
	}
}
