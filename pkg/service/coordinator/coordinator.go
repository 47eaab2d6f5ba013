// Package coordinator runs the windows that users request: it takes them off the
// queue, runs their ticks, and appends each tick to its run's subject on ERS_TRACE.
//
// The life of a window, file by file: coordinator.go takes it off the queue, window.go
// loads its program and runs its runs side by side, or spread.go hands them out to all
// coordinators, resume.go finds where a run
// stands, run.go runs its ticks and publishes them, drill.go falsifies one event
// where an exercise asks for it. program.go is what a user's program must be, and how
// it is kept from doing harm.
//
// A coordinator has no state of its own. Whatever it had done when it was killed is
// in the stream, and whoever takes the window next goes on behind it. Several may
// run: each append is guarded by the sequence before it, so that of two that run the
// same run one stops.
package coordinator

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Config is what a coordinator needs.
type Config struct {
	Bus *bus.Bus

	// Load makes the program of a window out of its definition and contexts. An
	// error that wraps ErrProgram is final; after any other the window is tried again.
	Load func(ctx context.Context, request *events.WindowRequest) (Program, error)

	Kinds    []string // of the definitions that Load knows; none means events.Starlark alone
	Pipeline string   // take the windows of this pipeline alone; "" means all
	Windows  int      // windows of a kind at once; 0 means 16
	MaxTicks int64    // runs × ticks of a window, at most; 0 means 100 million
	Turns    int      // ticks computed at once, here and by workers; 0 means one for each processor, and more by workers where they are short
	Log      zerolog.Logger
}

const (
	defaultWindows  = 16 // they share the turns
	defaultMaxTicks = 100_000_000
	parallelRuns    = 64 // of a window. They wait for acknowledgements most of the time
	frameMargin     = 4096
)

// Coordinator takes windows off the queue. Make one with [New].
type Coordinator struct {
	Config
	stats    Stats
	group    *bus.Group // commits the frames of all runs
	maxFrame int        // bytes
	held     inHand
	shared   sharedWindows

	// Held while a tick is computed, see turnsOf: here, by workers, and by workers where
	// that is short.
	turns, workerTurns, shortTurns *turns
}

// Stats counts what a coordinator has done since it started. Safe for concurrent use.
type Stats struct {
	Windows, Ticks, Events atomic.Int64
}

// Counters are the counters by the names under which they are shown.
func (s *Stats) Counters() map[string]int64 {
	return map[string]int64{"windows": s.Windows.Load(), "ticks": s.Ticks.Load(), "events": s.Events.Load()}
}

// New returns a coordinator that has not done anything yet.
func New(c Config) *Coordinator {
	if len(c.Kinds) == 0 {
		c.Kinds = []string{events.Starlark}
	}
	if c.Windows <= 0 {
		c.Windows = defaultWindows
	}
	if c.MaxTicks <= 0 {
		c.MaxTicks = defaultMaxTicks
	}
	short := c.Turns
	if c.Turns <= 0 {
		// More would only keep the server and the other services waiting, where they are
		// in this process.
		c.Turns = runtime.GOMAXPROCS(0)
		short = shortAtOnce * c.Turns
	}
	return &Coordinator{Config: c, group: c.Bus.NewGroup(), maxFrame: c.Bus.MaxPayload() - frameMargin,
		turns: newTurns(c.Turns), workerTurns: newTurns(c.Turns), shortTurns: newTurns(short)}
}

// Stats returns the coordinator's counters.
func (c *Coordinator) Stats() *Stats { return &c.stats }

// Run takes windows off the queue and runs them until ctx ends, and then stops where
// it is. It returns nil, or why it cannot go on.
func (c *Coordinator) Run(ctx context.Context) error {
	group, working := errgroup.WithContext(ctx)
	for _, kind := range c.Kinds {
		group.Go(func() error {
			return c.Bus.Work(working, c.queue(kind), c.Windows, func(ctx context.Context, item bus.WorkItem) error {
				return unlessHung(ctx, func() error { return c.window(ctx, item) })
			})
		})
		group.Go(func() error {
			// As many as can be computed at once: what is taken beyond that would wait here
			// while others are idle.
			return c.Bus.Work(working, c.runs(kind), c.Turns, func(ctx context.Context, item bus.WorkItem) error {
				return unlessHung(ctx, func() error { return c.handout(ctx, item) })
			})
		})
	}
	group.Go(func() error { return c.Bus.Work(working, bus.Controls(events.Cancel), 1, c.cancel) })
	group.Go(func() error { return c.Bus.Persist(working, "coordinator: control events", c.followControls) })
	err := group.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// RunOne runs the window that has this key, and no other: one of kind [events.Here], which
// no queue hands out. It returns when all its runs are over, or why they are not.
func (c *Coordinator) RunOne(ctx context.Context, key events.WindowKey) error {
	m, err := c.Bus.Get(ctx, events.StreamWindow, key.Window)
	if err != nil {
		return err
	}
	done := errors.New("done")
	group, working := errgroup.WithContext(ctx)
	group.Go(func() error { return c.Bus.Persist(working, "coordinator: control events", c.followControls) })
	group.Go(func() error {
		if err := c.window(working, bus.WorkItem{Message: m, Deliveries: 1}); err != nil {
			return err
		}
		return done
	})
	if err := group.Wait(); err != done {
		return err
	}
	return nil
}

// window runs one window to its end. An error brings the window back to the queue.
func (c *Coordinator) window(ctx context.Context, item bus.WorkItem) error {
	log := c.Log.With().Uint64("window", item.Seq).Logger()
	request, key, err := events.ReadRequest(item.Message)
	if err != nil {
		log.Error().Err(err).Msg("this window can never be run")
		return fmt.Errorf("%w: %w", bus.ErrDrop, err)
	}
	log = log.With().Str("pipeline", request.Pipeline).Logger()
	log.Info().Int("runs", request.Runs).Int64("ticks", request.Ticks).Msg("window begins")
	held, release := c.held.hold(ctx, key)
	defer release()
	w := window{Coordinator: c, key: key, request: request, log: log}
	err = w.take(held, item)
	if errors.Is(context.Cause(held), errCancelled) && ctx.Err() == nil {
		// The one that carries the cancel out gives up the runs. The window comes back, and is then
		// found to be over.
		log.Info().Msg("window is cancelled, it is left")
		return errCancelled
	}
	if err != nil {
		if ctx.Err() == nil {
			log.Warn().Err(err).Msg("window is not complete, it goes back to the queue")
		}
		return err
	}
	c.stats.Windows.Add(1)
	if w.spread() {
		log.Info().Msg("window's runs are handed out, or over")
		return nil
	}
	log.Info().Msg("window is complete")
	return nil
}
