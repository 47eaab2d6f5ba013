package page

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/service"
)

// station is a bus with the services and the page on it.
type station struct {
	page *Server
	t    testing.TB
	bus  *bus.Bus
	url  string
}

// newStation starts the services and the page, until the test ends.
func newStation(t testing.TB) *station {
	t.Helper()
	s := newPage(t, bustest.Open(t))
	s.serve(service.Run)
	return s
}

// newPage serves the page of a bus, until the test ends.
func newPage(t testing.TB, b *bus.Bus) *station {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	page := New(Config{Bus: b, Log: bustest.Log(t), Address: "ers.test:0", Downloads: []Download{{"csv", "text/csv", halfWritten}, {"jsonl", "application/jsonl", halfWritten}}})
	s := &station{t: t, bus: b, url: URL(l, ""), page: page}
	s.background(func(ctx context.Context) error { return page.Run(ctx, l) })
	return s
}

func (s *station) serve(services func(context.Context, service.Config) error) {
	s.background(func(ctx context.Context) error {
		return services(ctx, service.Config{Bus: s.bus, Log: bustest.Log(s.t), Processes: exec.Config{Dir: s.t.TempDir()}, Allow: exec.AllowAll})
	})
}

// background runs f until the test ends, and then waits for it.
func (s *station) background(f func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := f(ctx); err != nil && ctx.Err() == nil {
			s.t.Errorf("in the background: %v", err)
		}
	})
	s.t.Cleanup(func() {
		cancel()
		done.Wait()
	})
}

// oracle is the example of the README.
func oracle(t testing.TB) *pipeline.File {
	t.Helper()
	f, err := pipeline.Load("../../examples/oracle/pipeline.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// several is a pipeline of two budgets, of which the larger makes a task drop out.
func several(t testing.TB) *pipeline.File {
	t.Helper()
	return file(t, `name: greedy
runs: 2
ticks: 10000
budgets:
  tight: {forecast: {ops: 40}, shadow: {ops: 10}}
  nominal: {forecast: {ops: 80}, shadow: {ops: 10}}
tasks:
  - {name: first, lane: forecast, priority: 1, cost: {ops: 10}, starlark: "def run(ctx): return 1"}
  - {name: dear, lane: forecast, priority: 2, cost: {ops: 60}, starlark: "def run(ctx): return 2"}
  - {name: late, lane: forecast, priority: 3, cost: {ops: 30}, starlark: "def run(ctx): return 3 // (ctx.tick % 4000 - 77)"}
  - {name: watch, lane: shadow, cost: {ops: 5}, starlark: "def run(ctx): return 4"}
`)
}

// file loads a pipeline that is written down here.
func file(t testing.TB, text string) *pipeline.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipeline.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := pipeline.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// submit asks for a window and returns its key.
func (s *station) submit(f *pipeline.File, drill *events.Drill) events.WindowKey {
	s.t.Helper()
	command := "ers submit -f examples/oracle/pipeline.yaml"
	if drill != nil {
		command += fmt.Sprintf(" --drill run=%d,tick=%d,task=%s,kind=%s", drill.Run, drill.Tick, drill.Task, drill.Kind)
	}
	key, err := client.Submit(s.t.Context(), s.bus, f, func(r *events.WindowRequest) { r.Drill, r.Reproduce = drill, command })
	if err != nil {
		s.t.Fatal(err)
	}
	return key
}

// judged asks for a window and waits for its verdict.
func (s *station) judged(f *pipeline.File, drill *events.Drill) uint64 {
	s.t.Helper()
	key := s.submit(f, drill)
	if _, _, err := client.Verdict(s.t.Context(), s.bus, key); err != nil {
		s.t.Fatal(err)
	}
	return key.Window
}

func drill(run int, tick int64, task string, kind events.DrillKind) *events.Drill {
	return &events.Drill{Run: run, Tick: tick, Task: task, Kind: kind}
}
