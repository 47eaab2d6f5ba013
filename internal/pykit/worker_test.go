package pykit

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/worker"
)

const program = `
import ers

print("this is for the log")

def nested(n, inner):
    for _ in range(n):
        inner = [inner]
    return inner

@ers.task("a", ops=10, tags=["x"])
def a(ctx):
    return {"t": (ctx.tick, ctx["text"]), "big": 10**30, "nan": float("nan"), "deep": nested(990, 1)}

@ers.task("b", priority=1)
def b(ctx):
    return [ctx.results["a"].value["t"], sorted(ctx.previous)]

@ers.task("deepest")
def deepest(ctx):
    return nested(1000, 1)

@ers.task("too deep")
def too_deep(ctx):
    return nested(1001, 1)

@ers.task("no")
def no(ctx):
    raise ers.NotComputable("é" * 5000)

ers.serve()
`

// TestConversation has package worker talk to the kit: what one side writes the other
// must read, at the limits too.
func TestConversation(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "tasks.py")
	if err := os.WriteFile(file, []byte(program), 0o666); err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(kit)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	c := exec.CommandContext(ctx, interpreter(t), file)
	c.Env = append(os.Environ(), "PYTHONPATH="+path, "PYTHONDONTWRITEBYTECODE=1", worker.Variable+"="+worker.Protocol)
	var log strings.Builder
	c.Stderr = &log
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	talk(t, in, worker.NewReader(out, worker.DefaultLimits))
	in.Close()
	if err := c.Wait(); err != nil || !strings.HasPrefix(log.String(), "this is for the log\n") {
		t.Errorf("the worker ended: %v\n%s", err, log.String())
	}
}

func talk(t *testing.T, in io.Writer, out *worker.Reader) {
	t.Helper()
	if _, err := in.Write(worker.AppendHello(nil, worker.DefaultLimits)); err != nil {
		t.Fatal(err)
	}
	hello, err := out.Hello()
	if err != nil {
		t.Fatal(err)
	}
	if len(hello.Tasks) != 5 || !hello.NaN || !hello.BigInt || hello.Tasks[0].Cost.Ops != 10 || hello.About["kit"] == "" {
		t.Errorf("hello: %+v", hello)
	}
	names := []string{"a", "b", "deepest", "too deep", "no"}
	want := []string{
		`ok {"big":1000000000000000000000000000000,"deep":` + strings.Repeat("[", 990) + "1" + strings.Repeat("]", 990) + `,"nan":NaN,"t":[3,"é"]} `,
		`ok [[3,"é"],["z"]] `,
		"ok " + strings.Repeat("[", 1000) + "1" + strings.Repeat("]", 1000) + " ",
		"error null NotCanonical: at /0/0/0/0/0/0/0/0/…: nested deeper than 1000 levels: is there a cycle?",
		"not_computable null " + strings.Repeat("é", 2046) + "…",
	}
	row := worker.Row{Tick: 3, Context: `{"text":"é"}`, Tasks: names, Previous: []events.TaskResult{
		{Name: "z", Lane: events.Forecast, Status: events.OK, Value: "1.0"},
	}}
	var session worker.Session
	lines, err := session.AppendRow(nil, &row)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write(lines); err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		answer, err := out.Next()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r := answer.Result
		if got := r.Status.String() + " " + string(r.Value) + " " + r.Error; r.Task != name || got != want[i] {
			t.Errorf("%s\n got %s\nwant %s", r.Task, got, want[i])
		}
		if !r.Value.IsCanonical() {
			t.Errorf("%s: the value is not canonical", name)
		}
	}
}
