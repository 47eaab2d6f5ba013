package service_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/evaluator"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/service/feed"
	"abraxas.dev/ers/pkg/service/gate"
	"abraxas.dev/ers/pkg/service/hasher"
	"abraxas.dev/ers/pkg/vary"
)

// BenchmarkSmallWindows is the rate of small windows of 12 runs that are waiting in the
// queue: through the services, through the feed behind them, and through both at once.
// Run it with -benchtime 1000x.
func BenchmarkSmallWindows(b *testing.B) {
	for _, kind := range []string{"go", "starlark", "differing", "20ticks"} {
		b.Run(kind+"/services", func(b *testing.B) { small(b, kind, events.StreamVerdict, coordinating, hashing, gating) })
		b.Run(kind+"/feed", func(b *testing.B) { small(b, kind, events.StreamViz, feeding) })
		b.Run(kind+"/together", func(b *testing.B) { small(b, kind, events.StreamViz, coordinating, hashing, gating, feeding) })
	}
}

type part func(context.Context, *bus.Bus, loader) error

type loader = func(context.Context, *events.WindowRequest) (coordinator.Program, error)

func coordinating(ctx context.Context, b *bus.Bus, load loader) error {
	return coordinator.New(coordinator.Config{Bus: b, Load: load, Log: zerolog.Nop()}).Run(ctx)
}

func hashing(ctx context.Context, b *bus.Bus, _ loader) error {
	return hasher.New(hasher.Config{Bus: b, Log: zerolog.Nop()}).Run(ctx)
}

func gating(ctx context.Context, b *bus.Bus, _ loader) error {
	return gate.New(gate.Config{Bus: b, Log: zerolog.Nop()}).Run(ctx)
}

func feeding(ctx context.Context, b *bus.Bus, _ loader) error {
	return feed.New(feed.Config{Bus: b, Log: zerolog.Nop()}).Run(ctx)
}

func small(b *testing.B, kind, until string, parts ...part) {
	server := bustest.Open(b)
	ballast := service.Ballast()
	defer runtime.KeepAlive(ballast)
	load := func(context.Context, *events.WindowRequest) (coordinator.Program, error) { return goTasks(4), nil }
	r := windowOf("p", 2)
	switch kind {
	case "starlark":
		pool := evaluator.New(evaluator.Config{})
		defer pool.Close()
		load = service.Loader(server, pool, exec.Config{}, nil)
		starlark(b, server, r)
	case "differing":
		load = func(context.Context, *events.WindowRequest) (coordinator.Program, error) { return new(differing), nil }
	case "20ticks":
		r.Ticks = 20
	}
	ask(b, server, r, b.N)
	if len(parts) == 1 {
		timed(b, server, load, events.StreamVerdict, coordinating, hashing, gating)
	}
	before := processorTime()
	b.ResetTimer()
	timed(b, server, load, until, parts...)
	b.StopTimer()
	b.ReportMetric(float64((processorTime()-before).Microseconds())/1000/float64(b.N), "cpu-ms/window")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "windows/s")
}

// differing is a program that differs from run to run.
type differing struct{ runs atomic.Int64 }

func (*differing) Context(int64) canon.Value { return canon.Null }

func (d *differing) NewRun(vary.Run) (coordinator.Run, error) {
	s, run := scheduler.New(), d.runs.Add(1)
	return s, s.Add(scheduler.Task{Name: "differs", Run: func(context.Context, *scheduler.Input) (any, error) { return run, nil }})
}

func starlark(b testing.TB, server *bus.Bus, r *events.WindowRequest) {
	path := filepath.Join(b.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte(smallPipeline), 0o600); err != nil {
		b.Fatal(err)
	}
	f, err := pipeline.Load(path)
	if err != nil {
		b.Fatal(err)
	}
	for _, data := range [][]byte{f.Definition.Encode(), f.Contexts.Encode()} {
		if _, err := server.PutObject(b.Context(), data); err != nil {
			b.Fatal(err)
		}
	}
	first := f.Request()
	first.Ticks, first.Runs = r.Ticks, r.Runs
	*r = first
}

const smallPipeline = `
name: p
ticks: 2
budget: {forecast: {ops: 9, entropy: 9}, shadow: {ops: 9, entropy: 9}}
contexts: [{text: one}, {text: two words}]
tasks:
- {name: words, lane: forecast, starlark: "def run(ctx):\n    return len(ctx.context['text'].split())\n"}
- {name: twice, lane: forecast, starlark: "def run(ctx):\n    return 2 * ctx.results['words'].value\n"}
- {name: look, lane: shadow, starlark: "def run(ctx):\n    return ctx.context\n"}
`

// ask puts n equal requests on the stream.
func ask(b *testing.B, server *bus.Bus, r *events.WindowRequest, n int) {
	data, err := events.Encode(r)
	if err != nil {
		b.Fatal(err)
	}
	items := make([]bus.Item, n)
	for i := range items {
		items[i] = bus.Item{Subject: events.WindowSubject(r.Kind, r.Pipeline), Data: data}
	}
	server.AppendAll(b.Context(), items)
	if err := items[n-1].Err; err != nil {
		b.Fatal(err)
	}
}

// timed runs parts until the last window has what they make.
func timed(b *testing.B, server *bus.Bus, load loader, until string, parts ...part) {
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	for _, run := range parts {
		running.Go(func() {
			if err := run(ctx, server, load); err != nil {
				b.Error(err)
			}
		})
	}
	enough, n := errors.New("enough"), 0
	filter := events.VerdictSubjects
	if until == events.StreamViz {
		filter = events.StabilitySubjects
	}
	err := server.Follow(ctx, until, filter, 1, func(bus.Message) error {
		if n++; n == b.N {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		b.Fatal(err)
	}
	cancel()
	running.Wait()
}
