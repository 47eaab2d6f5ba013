package corpus

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/service"
)

var seed = flag.Uint64("seed", 1, "of the random pipelines")

// What is written in Starlark, and Python that takes care, passes, whatever it computes.
func TestRandomWindows(t *testing.T) {
	t.Parallel()
	open(t) // it is skipped where that is
	windows := 50
	if *all {
		windows = 1000
	}
	t.Logf("%d windows of random pipelines, seed %d: go test ./internal/corpus -run RandomWindows -seed %d", windows, *seed, *seed)
	log := zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.ErrorLevel)
	b, err := embedded.Open(t.Context(), embedded.Config{Config: bus.Config{Name: "corpus", Log: log}})
	if err != nil {
		t.Fatal(err)
	}
	r := &random{bus: b, statuses: make(map[events.Status]int)}
	err = service.While(t.Context(), service.Config{Bus: b, Log: log, Processes: exec.Config{Dir: t.TempDir()}, Allow: exec.AllowAll},
		func(ctx context.Context) error { return r.windows(ctx, t, windows) })
	if err != nil {
		t.Error(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	t.Logf("events of run 0 by status: %v", r.statuses)
	for _, s := range []events.Status{events.OK, events.SkippedBudget, events.Error, events.NotComputable} {
		if r.statuses[s] == 0 {
			t.Errorf("no task of any pipeline came to %s: the pipelines are not random enough", s)
		}
	}
}

type random struct {
	bus      *bus.Bus
	statuses map[events.Status]int
}

// windows asks for the windows, some at once, and wants each to pass; and the last one
// again with an event falsified, to see that one can fail.
func (r *random) windows(ctx context.Context, t *testing.T, n int) error {
	dir := t.TempDir()
	files := make(chan *pipeline.File)
	group, going := errgroup.WithContext(ctx)
	var last *pipeline.File
	group.Go(func() error {
		defer close(files)
		for i := range n {
			f, err := generated(dir, i)
			if err != nil {
				return err
			}
			last = f
			select {
			case files <- f:
			case <-going.Done():
				return going.Err()
			}
		}
		return nil
	})
	verdicts := make(chan *events.Verdict)
	for range 4 {
		group.Go(func() error {
			for f := range files {
				v, err := r.verdict(going, f, nil)
				if err != nil {
					return err
				}
				select {
				case verdicts <- v:
				case <-going.Done():
				}
			}
			return nil
		})
	}
	done := make(chan error)
	go func() { done <- group.Wait() }()
	for passed := 0; ; {
		select {
		case v := <-verdicts:
			if v.Outcome != events.Pass {
				t.Errorf("%s: %s, seed %d: %+v %+v", v.Pipeline, v.Outcome, *seed, v.Divergence, v.Problems)
			}
			passed++
			if err := r.count(ctx, v); err != nil {
				t.Error(err)
			}
		case err := <-done:
			if err == nil && passed != n {
				t.Errorf("%d verdicts of %d windows", passed, n)
			}
			if err == nil {
				err = r.drill(ctx, t, last)
			}
			return err
		}
	}
}

func (r *random) verdict(ctx context.Context, f *pipeline.File, drill *events.Drill) (*events.Verdict, error) {
	key, err := client.Submit(ctx, r.bus, f, func(w *events.WindowRequest) { w.Drill = drill })
	if err != nil {
		return nil, err
	}
	v, _, err := client.Verdict(ctx, r.bus, key)
	return v, err
}

func (r *random) drill(ctx context.Context, t *testing.T, f *pipeline.File) error {
	v, err := r.verdict(ctx, f, &events.Drill{Run: 1, Tick: f.FirstTick, Task: f.Definition.Tasks[0].Name, Kind: "cost"})
	if err == nil && v.Outcome != events.Fail {
		t.Errorf("a falsified event: %s, want a fail", v.Outcome)
	}
	return err
}

// count counts what the tasks of run 0 came to.
func (r *random) count(ctx context.Context, v *events.Verdict) error {
	for tick, err := range client.Ticks(ctx, r.bus, client.Run{Window: v.Key(), Run: 0, FirstTick: v.FirstTick, Next: v.FirstTick, End: v.FirstTick + v.Ticks}) {
		if err != nil {
			return err
		}
		for _, e := range tick.Events {
			r.statuses[e.Status]++
		}
	}
	return nil
}

// generated writes a random pipeline, and reads it as users' are read.
func generated(dir string, number int) (*pipeline.File, error) {
	dir, err := os.MkdirTemp(dir, "")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "pipeline.yaml")
	if err := newGenerator(*seed, number).write(dir, path); err != nil {
		return nil, err
	}
	return pipeline.Load(path)
}
