package ers_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/ers"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/evaluator"
	perform "abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/service"
	"abraxas.dev/ers/pkg/worker"
)

// asWorker in the environment makes this test binary the program that is measured.
const asWorker = "ERS_BENCH_WORKER"

func TestMain(m *testing.M) {
	evaluator.Main()
	process.Main()
	if os.Getenv(asWorker) != "" {
		os.Args = []string{"measured", "worker"}
		measured().Main()
	}
	os.Exit(m.Run())
}

const measuredTasks = 50 // a tick

// measured is a program of 50 tasks that do little.
func measured() ers.Pipeline {
	p := ers.Pipeline{Name: "measured"}
	for i := range measuredTasks {
		p.Tasks = append(p.Tasks, ers.Task{Name: fmt.Sprintf("task:%02d", i), Priority: int64(i), Cost: ers.Cost{Ops: 1}, Tags: []string{"bench"},
			Run: func(ctx *ers.Ctx) (any, error) { return ctx.Tick() + int64(i), nil }})
	}
	return p
}

// BenchmarkWindow is the rate of a window of 12 runs of 50 tasks a tick through server,
// coordinator, hasher and gate in this process: the tasks in this process, and in workers.
// An operation is a tick of each run.
func BenchmarkWindow(b *testing.B) {
	b.Run("go", func(b *testing.B) {
		p := measured()
		f, err := p.File("")
		if err != nil {
			b.Fatal(err)
		}
		window(b, f, func(server *bus.Bus) service.Config {
			return service.Config{Load: p.Load(server), Kinds: []string{program.KindGo}, Pipeline: f.Definition.Name}
		})
	})
	b.Run("worker", func(b *testing.B) {
		window(b, workerPipeline(b), func(*bus.Bus) service.Config { return service.Config{Allow: perform.AllowAll} })
	})
}

func window(b *testing.B, f *pipeline.File, services func(*bus.Bus) service.Config) {
	f.Ticks = int64(b.N)
	server := bustest.Open(b)
	config := services(server)
	config.Bus = server
	b.ResetTimer()
	err := service.While(b.Context(), config, func(ctx context.Context) error {
		key, err := client.Submit(ctx, server, f, nil)
		if err != nil {
			return err
		}
		v, _, err := client.Verdict(ctx, server, key)
		if err == nil && v.Outcome != events.Pass {
			err = fmt.Errorf("%s: %+v", v.Outcome, v.Problems)
		}
		return err
	})
	b.StopTimer()
	if err != nil {
		b.Fatal(err)
	}
	rate(b, f.Runs)
}

func rate(b *testing.B, runs int) {
	b.ReportMetric(float64(b.N)*float64(runs)*measuredTasks/b.Elapsed().Seconds(), "events/s")
}

// workerPipeline is the pipeline of the same tasks as workers, which are this binary.
func workerPipeline(b *testing.B) *pipeline.File {
	b.Helper()
	path, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	text := fmt.Sprintf("name: measured\nbudget: {forecast: {ops: %d, entropy: 0}, shadow: {ops: 0, entropy: 0}}\n"+
		"workers: {go: {command: [%q], env: {%s: yes}}}\ntasks:\n", measuredTasks, path, asWorker)
	for i := range measuredTasks {
		text += fmt.Sprintf("  - {name: \"task:%02d\", lane: forecast, priority: %d, cost: {ops: 1}, tags: [bench], worker: go}\n", i, i)
	}
	file := filepath.Join(b.TempDir(), "pipeline.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	f, err := pipeline.Load(file)
	if err != nil {
		b.Fatal(err)
	}
	return f
}

// BenchmarkWorker is the rate of workers at the other end of a pipe, without anything
// around them: one, and 12 side by side. An operation is a tick of each.
func BenchmarkWorker(b *testing.B) {
	for _, n := range []int{1, 12} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var all []*piped
			for range n {
				all = append(all, startPiped(b))
			}
			b.ResetTimer()
			var group sync.WaitGroup
			for _, p := range all {
				group.Go(func() { p.ticks(b, int64(b.N)) })
			}
			group.Wait()
			b.StopTimer()
			rate(b, n)
		})
	}
}

// piped is a worker's process.
type piped struct {
	in    io.Writer
	out   *worker.Reader
	names []string
}

func startPiped(b *testing.B) *piped {
	b.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), asWorker+"=yes")
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		if err := c.Wait(); err != nil {
			b.Error(err)
		}
	})
	p := &piped{in: in, out: worker.NewReader(bufio.NewReader(out), worker.DefaultLimits)}
	if _, err := in.Write(worker.AppendHello(nil, worker.DefaultLimits)); err != nil {
		b.Fatal(err)
	}
	hello, err := p.out.Hello()
	if err != nil {
		b.Fatal(err)
	}
	for _, t := range hello.Tasks {
		p.names = append(p.names, t.Name)
	}
	return p
}

func (p *piped) ticks(b *testing.B, n int64) {
	var buf []byte
	for tick := range n {
		var err error
		buf, err = worker.AppendTick(buf[:0], &worker.Tick{Tick: tick, Context: "{}", Tasks: p.names})
		if err == nil {
			_, err = p.in.Write(buf)
		}
		for range p.names {
			if err == nil {
				_, err = p.out.Next()
			}
		}
		if err != nil {
			b.Error(err)
			return
		}
	}
}
