package service_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/vary"
)

// goTasks is a program of trivial tasks in Go.
type goTasks int

func (n goTasks) Context(int64) canon.Value { return canon.Null }

func (n goTasks) NewRun(vary.Run) (coordinator.Run, error) {
	s := scheduler.New()
	for i := range int(n) {
		err := s.Add(scheduler.Task{Name: fmt.Sprintf("task:%03d", i), Lane: events.Lane(i * 2 / int(n)), Tags: []string{"bench"},
			Run: func(_ context.Context, in *scheduler.Input) (any, error) { return in.Tick(), nil }})
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// start runs the services on a bus until the test ends.
func start(t testing.TB, b *bus.Bus, load func(*events.WindowRequest) (coordinator.Program, error)) {
	c := service.Config{Bus: b, Log: zerolog.Nop(),
		Load: func(_ context.Context, r *events.WindowRequest) (coordinator.Program, error) { return load(r) }}
	bustest.Serve(t, func(ctx context.Context) error { return service.Run(ctx, c) })
}

func windowOf(pipeline string, ticks int64) *events.WindowRequest {
	nothing := canon.Sum(nil).String()
	return &events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: pipeline, DefinitionSHA256: nothing, ContextsSHA256: nothing,
		Runs: 12, Ticks: ticks}
}

// judge asks for a window and waits for its verdict.
func judge(t testing.TB, b *bus.Bus, r *events.WindowRequest) *events.Verdict {
	t.Helper()
	key, err := client.Request(t.Context(), b, r)
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := client.Verdict(t.Context(), b, key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPass(t *testing.T) {
	b := bustest.Open(t)
	start(t, b, func(*events.WindowRequest) (coordinator.Program, error) { return goTasks(7), nil })
	v := judge(t, b, windowOf("p", 20))
	if v.Outcome != events.Pass || len(v.Groups) != 1 || len(v.Groups[0].Runs) != 12 || v.FirstMismatchIndex != nil {
		t.Errorf("%+v", v)
	}
}

// A task that returns another value in one run is found, with run, tick and place.
func TestFail(t *testing.T) {
	b := bustest.Open(t)
	start(t, b, func(*events.WindowRequest) (coordinator.Program, error) { return new(flaky), nil })
	v := judge(t, b, windowOf("p", 30))
	if v.Outcome != events.Fail || len(v.Outliers) != 1 || v.Divergence.Tick != 17 || v.Divergence.Task != "flaky" ||
		v.Divergence.Kind != events.KindValue || v.Divergence.Pointer != "/value/n/1" {
		t.Errorf("%+v %+v", v, v.Divergence)
	}
}

// flaky returns another value once, at tick 17, in whichever run comes there first.
type flaky struct{ once atomic.Bool }

func (f *flaky) Context(int64) canon.Value { return canon.Null }

func (f *flaky) NewRun(vary.Run) (coordinator.Run, error) {
	s := scheduler.New()
	return s, s.Add(scheduler.Task{Name: "flaky", Run: func(_ context.Context, in *scheduler.Input) (any, error) {
		odd := in.Tick() == 17 && f.once.CompareAndSwap(false, true)
		n := 0
		if odd {
			n = 1
		}
		return map[string]any{"n": []int{1, n}}, nil
	}})
}

// A window without a program is given up, and the verdict says why.
func TestNoProgram(t *testing.T) {
	b := bustest.Open(t)
	start(t, b, func(*events.WindowRequest) (coordinator.Program, error) {
		return nil, fmt.Errorf("%w: made for this test", coordinator.ErrProgram)
	})
	v := judge(t, b, windowOf("p", 3))
	if v.Outcome != events.Inconclusive || len(v.Problems) != 12 {
		t.Errorf("%+v", v)
	}
}

// Frames, digests and verdicts of the whole pipeline, on file storage.
func BenchmarkPipeline(b *testing.B) {
	for _, always := range []bool{false, true} {
		for _, n := range []int{5, 50, 500} {
			b.Run(fmt.Sprintf("events=%d/syncAlways=%v", n, always), func(b *testing.B) { benchmarkPipeline(b, n, always) })
		}
	}
}

func benchmarkPipeline(b *testing.B, n int, always bool) {
	server := bustest.Open(b, func(c *embedded.Config) { c.SyncAlways = always })
	start(b, server, func(*events.WindowRequest) (coordinator.Program, error) { return goTasks(n), nil })
	r := windowOf("bench", 1)
	judge(b, server, r) // everything has been touched once
	r.Ticks = max(1, int64(300_000/12/n))
	b.ReportAllocs()
	for b.Loop() {
		if v := judge(b, server, r); v.Outcome != events.Pass {
			b.Fatal("no pass")
		}
	}
	b.ReportMetric(float64(r.Ticks)*12*float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	digests, err := server.LastSeq(b.Context(), events.StreamDigest)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(r.Ticks)*12*float64(b.N)/float64(digests), "ticks/digest")
}
