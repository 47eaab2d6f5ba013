// Package service runs coordinator, hasher and gate with its feed in one process, as
// `ers run`, `ers check` and `ers up` do. They speak to each other through the bus alone, just
// as they do in processes of their own.
package service

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/evaluator"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/service/feed"
	"abraxas.dev/ers/pkg/service/gate"
	"abraxas.dev/ers/pkg/service/hasher"
)

// Config is what the services of one process need.
type Config struct {
	Bus  *bus.Bus
	Log  zerolog.Logger
	Load func(context.Context, *events.WindowRequest) (coordinator.Program, error) // nil: Starlark pipelines from the object store

	Kinds    []string // of windows; none: all that Load makes programs of
	Pipeline string   // see coordinator.Config
	Windows  int      // likewise
	MaxTicks int64    // likewise
	Turns    int      // likewise

	// Evaluators run the ticks of Starlark where Load is nil. The process must call
	// [evaluator.Main] first thing in main. nil: a pool of Run's own.
	Evaluators *evaluator.Pool

	// Processes is what workers and commands need, and Allow which of them may run where
	// Load is nil. The process must call Main of package internal/process first thing in main.
	Processes exec.Config
	Allow     *exec.Allow // nil: none

	// Show is told of each service before it runs, with its counters, and hide is called when
	// it has ended: so others see that it is there. nil: nobody is told.
	Show func(name Name, counters func() map[string]int64) (hide func() error, err error)
}

// Name says which of the services one is.
type Name string

const (
	Coordinator Name = "coordinator"
	Hasher      Name = "hasher"
	Gate        Name = "gate"
)

// Kinds are the kinds of windows that [Loader] makes programs of.
var Kinds = []string{program.KindStarlark, program.KindExec}

// Ballast makes the heap look larger to the collector for as long as it is referred to,
// so that the collector does not run every few milliseconds where little is kept and much
// is passed on, as with the server in the process. It is never touched and takes no
// memory. A larger GOGC would do the same for a small heap, but take gigabytes where the
// server keeps what was written in the last seconds.
func Ballast() []byte { return make([]byte, 128<<20) }

// Run runs the three services until ctx ends or one of them cannot go on.
func Run(ctx context.Context, c Config) error {
	ballast := Ballast()
	defer runtime.KeepAlive(ballast)
	if c.Load == nil {
		if c.Evaluators == nil {
			c.Evaluators = evaluator.New(evaluator.Config{Log: c.Log})
			defer c.Evaluators.Close()
		}
		c.Processes.Log = c.Log
		if len(c.Kinds) == 0 {
			c.Kinds = Kinds
		}
		c.Load = Loader(c.Bus, c.Evaluators, c.Processes, c.Allow)
	}
	coordinates := coordinator.New(coordinator.Config{Bus: c.Bus, Load: c.Load, Kinds: c.Kinds, Pipeline: c.Pipeline, Windows: c.Windows, MaxTicks: c.MaxTicks, Turns: c.Turns, Log: c.Log})
	hashes := hasher.New(hasher.Config{Bus: c.Bus, Log: c.Log})
	judges, feeds := gate.New(gate.Config{Bus: c.Bus, Log: c.Log}), feed.New(feed.Config{Bus: c.Bus, Log: c.Log})
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range []struct {
		name     Name
		counters func() map[string]int64
		run      func(context.Context) error
	}{
		{Coordinator, coordinates.Stats().Counters, coordinates.Run},
		{Hasher, hashes.Stats().Counters, hashes.Run},
		{Gate, func() map[string]int64 { return feeds.Stats().Beside(judges.Stats().Counters()) },
			func(ctx context.Context) error { return feeds.Beside(ctx, judges.Run) }},
	} {
		group.Go(func() error { return c.shown(ctx, s.name, s.counters, s.run) })
	}
	return group.Wait()
}

// shown runs a service and shows that it is there meanwhile.
func (c *Config) shown(ctx context.Context, name Name, counters func() map[string]int64, run func(context.Context) error) error {
	if c.Show == nil {
		return run(ctx)
	}
	hide, err := c.Show(name, counters)
	if err != nil {
		return err
	}
	return errors.Join(run(ctx), hide())
}

// While runs the services while do does something with them, and stops them when it
// returns. Where a service cannot go on, the context of do ends, and the error says why.
func While(ctx context.Context, c Config, do func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	services := make(chan error, 1)
	go func() {
		err := Run(ctx, c)
		if err != nil {
			cancel(fmt.Errorf("a service stopped: %w", err))
		}
		services <- err
	}()
	err := do(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	cancel(nil)
	if stopped := <-services; !errors.Is(err, stopped) { // or it is why do ended
		err = errors.Join(err, stopped)
	}
	return err
}
