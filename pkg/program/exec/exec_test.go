package exec

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/internal/process/processtest"
	"abraxas.dev/ers/internal/testpython"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/vary"
)

func TestMain(m *testing.M) {
	process.Main()
	testpython.First(nil)
	os.Exit(m.Run())
}

// memory are objects in memory.
type memory map[string][]byte

func (m memory) Open(_ context.Context, sha256 string) (io.ReadCloser, error) {
	data, ok := m[sha256]
	if !ok {
		return nil, fmt.Errorf("object %s is not there", sha256)
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (m memory) Put(_ context.Context, sha256 string, _ int64, open func() (io.ReadCloser, error)) error {
	r, err := open()
	if err != nil {
		return err
	}
	defer r.Close()
	m[sha256], err = io.ReadAll(r)
	return err
}

// add keeps a file.
func (m memory) add(path, text string) program.File {
	sha := canon.Sum([]byte(text)).String()
	m[sha] = []byte(text)
	return program.File{Path: path, SHA256: sha, Size: int64(len(text))}
}

// needPython skips a test where there is no Python.
func needPython(t testing.TB) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 here")
	}
}

// worker.py without a kit: it answers each task by what body makes of the message.
const bare = `
import json, sys
hello = json.loads(sys.stdin.readline())
print(json.dumps({"type": "hello", "protocol": "ers-worker/1", "tasks": TASKS}), flush=True)
state = 0
for line in sys.stdin:
    message = json.loads(line)
    for task in message["tasks"]:
        state += 1
        BODY
        print(json.dumps(dict({"type": "result", "task": task}, **answer)))
    sys.stdout.flush()
`

func script(tasks, body string) string {
	body = strings.ReplaceAll(body, "\n", "\n        ")
	return strings.Replace(strings.Replace(bare, "TASKS", tasks, 1), "BODY", body, 1)
}

const twoTasks = `[{"name": "a", "lane": "forecast"}, {"name": "b", "lane": "forecast"}, {"name": "s", "lane": "shadow"}]`

// of makes a definition of one worker with three tasks, a and b in the forecast lane.
func of(m memory, code string, change ...func(*program.Definition)) *program.Definition {
	d := &program.Definition{Schema: program.DefinitionSchema, Name: "p", Kind: program.KindExec,
		Workers: []program.Worker{{Name: "w", Process: program.Process{Command: []string{"python3", "w.py"}, Files: []program.File{m.add("w.py", code)},
			Timeout: 100_000, Network: program.NetworkAuto}}}}
	for i, name := range []string{"a", "b", "s"} {
		d.Tasks = append(d.Tasks, program.Task{Name: name, Lane: events.Lane(i / 2), Tags: []string{}, Worker: "w"})
	}
	for _, f := range change {
		f(d)
	}
	return d
}

func load(t testing.TB, m memory, d *program.Definition) *Program {
	t.Helper()
	needPython(t)
	if f := d.Check(); f != nil {
		t.Fatal(f.Plain())
	}
	p, err := Load(t.Context(), Config{Objects: m, Log: zerolog.New(zerolog.NewTestWriter(t))}, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func newRun(t testing.TB, p *Program) *Run {
	t.Helper()
	r, err := p.NewRun(vary.Run{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func values(t testing.TB, r *Run, number int64) string {
	t.Helper()
	tick, err := r.Tick(t.Context(), number, scheduler.Budgets{}, canon.Value(`{"x":1}`))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, result := range tick.Results {
		all = append(all, fmt.Sprint(result.Name, "=", result.Value, result.Error))
	}
	return strings.Join(all, " ")
}

// What a task sees and answers, in a process for each lane.
func TestWorker(t *testing.T) {
	m := memory{}
	p := load(t, m, of(m, script(twoTasks, `
answer = {"status": "ok", "value": [message["tick"], state, [r["task"] for r in message["results"]]]}
if task == "b" and message["tick"] == 1: answer = {"status": "error", "error": "no"}`)))
	r := newRun(t, p)
	for tick, want := range []string{
		`a=[0,1,[]] b=[0,2,[]] s=[0,1,["a","b"]]`,
		`a=[1,3,[]] b=nullno s=[1,2,["a","b"]]`,
		`a=[2,5,[]] b=[2,6,[]] s=[2,3,["a","b"]]`,
	} {
		if got := values(t, r, int64(tick)); got != want {
			t.Errorf("tick %d: %s, want %s", tick, got, want)
		}
		x := r.Extra()
		if (x.Surroundings != "") != (tick == 0) {
			t.Errorf("tick %d: surroundings %s", tick, x.Surroundings)
		}
		if tick == 0 && (!strings.Contains(string(x.Surroundings), `"calls":"`) || !strings.Contains(string(x.Surroundings), `"processes":"it can `)) {
			t.Errorf("the surroundings say not how the worker is confined: %s", x.Surroundings)
		}
	}
}

// What happens to a process gives the run up, with the reason and the end of its standard
// error, and says nothing about a task.
func TestGivenUp(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"exit":        {`print("oh no", file=sys.stderr); sys.exit(3)`, `worker "w" (forecast lane) ended: exit status 3; the end of its standard error: oh no`},
		"signal":      {`import os; os.kill(os.getpid(), 11)`, "ended by SIGSEGV"},
		"nonsense":    {`print("hello"); answer = {}`, "wrote what is not in the protocol: line 2: "},
		"other task":  {`task = "b"; answer = {"status": "ok"}`, `an answer for task "b", and it is the turn of "a"`},
		"two kept":    {`answer = {"status": "ok", "value": "\ud800"}`, "line 2: result: "},
		"much memory": {`x = bytearray(300 << 20); import time; time.sleep(100)`, "memory"},
		"no content":  {`print(json.dumps({"type": "content", "sha256": "0" * 64, "offset": 0, "length": 9})); sys.stdout.flush(); sys.stdin.readline(); answer = {}`, "is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := memory{}
			p := load(t, m, of(m, script(twoTasks, c.body), func(d *program.Definition) { d.Workers[0].Memory = 100 << 20 }))
			_, err := newRun(t, p).Tick(t.Context(), 0, scheduler.Budgets{}, canon.Value("{}"))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// A worker that does not answer in its time is given up.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	inTime(t, `worker "w" (forecast lane) ended: it did not answer within %v: raise timeout, or let it do less`, func(limit time.Duration) error {
		m := memory{}
		p := load(t, m, of(m, script(twoTasks, `import time; time.sleep(100)`), func(d *program.Definition) { d.Workers[0].Timeout = limit.Milliseconds() }))
		_, err := newRun(t, p).Tick(t.Context(), 0, scheduler.Budgets{}, canon.Value("{}"))
		return err
	})
}

// inTime does something with one limit after the other, each longer than the one before, until
// it comes to the error that is wanted: on a busy machine a process takes a while to get so far.
func inTime(t *testing.T, want string, try func(limit time.Duration) error) {
	t.Helper()
	for limit := 500 * time.Millisecond; ; limit *= 4 {
		want := fmt.Sprintf(want, limit)
		err := try(limit)
		if fmt.Sprint(err) == want {
			return
		}
		if limit > 20*time.Second {
			t.Fatalf("got %v, want %s", err, want)
		}
	}
}

// A worker that declares something else than the definition holds is found before it runs.
func TestDeclaresOther(t *testing.T) {
	for tasks, want := range map[string]string{
		`[{"name": "a", "lane": "forecast"}, {"name": "s", "lane": "shadow"}]`:                                                                  `it does not declare the task "b"`,
		`[{"name": "a", "lane": "shadow"}, {"name": "b", "lane": "forecast"}, {"name": "s", "lane": "shadow"}]`:                                 `it declares the task "a" with lane shadow, and the definition has forecast`,
		`[{"name": "a", "lane": "forecast", "cost": {"ops": 2}}, {"name": "b", "lane": "forecast"}, {"name": "s", "lane": "shadow"}]`:           `it declares the task "a" with cost {2 0}, and the definition has {0 0}`,
		`[{"name": "a", "lane": "forecast"}, {"name": "b", "lane": "forecast", "tags": ["x"]}, {"name": "s", "lane": "shadow", "priority": 1}]`: `it declares the task "b" with tags [x], and the definition has []`,
	} {
		m := memory{}
		p := load(t, m, of(m, script(tasks, `answer = {"status": "ok"}`)))
		_, err := newRun(t, p).Tick(t.Context(), 0, scheduler.Budgets{}, canon.Value("{}"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// NaN and large integers go only to workers that list them.
func TestNumbers(t *testing.T) {
	m := memory{}
	p := load(t, m, of(m, script(twoTasks, `answer = {"status": "ok", "value": float("nan")}`)))
	_, err := newRun(t, p).Tick(t.Context(), 0, scheduler.Budgets{}, canon.Value("{}"))
	want := `task "s" is to see one: the value of task "a" at ""`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// All of it as a user who may do nothing special, and where no namespaces can be had: a
// copy of the folder is in the place of an overlay then.
func TestAgain(t *testing.T) {
	t.Run("as an ordinary user", func(t *testing.T) {
		t.Parallel()
		processtest.AsOrdinaryUser(t)
	})
	t.Run("without namespaces", func(t *testing.T) {
		t.Parallel()
		processtest.WithoutNamespaces(t)
	})
}

// What a process that was killed left behind is removed by the next one, and nothing that
// somebody still uses.
func TestSweep(t *testing.T) {
	base := t.TempDir()
	used, left := filepath.Join(base, scratchPattern+"1"), filepath.Join(base, scratchPattern+"2")
	var held *os.File
	for _, dir := range []string{used, left} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(filepath.Join(dir, lockFile))
		if err != nil {
			t.Fatal(err)
		}
		if dir == used {
			held = f
		} else {
			_ = f.Close()
		}
	}
	if err := hold(held); err != nil {
		t.Fatal(err)
	}
	sweep(base)
	_, usedErr := os.Stat(used)
	_, leftErr := os.Stat(left)
	if usedErr != nil || !os.IsNotExist(leftErr) {
		t.Errorf("used: %v, left: %v", usedErr, leftErr)
	}
	_ = held.Close()
}
