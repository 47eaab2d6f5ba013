package coordinator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/vary"
)

// Program is what a window's definition and contexts come to. It is used by all runs
// of the window at once. One that is an [io.Closer] is closed when the window is over.
// A panic in any of its methods gives the runs up that it meets.
type Program interface {
	// NewRun returns a fresh run of the pipeline, with these variations. What is there of
	// them is in the surroundings of the first tick, as "varied" and "not_varied", see
	// [vary.Record] and [events.NotVariedReason].
	NewRun(vary.Run) (Run, error)
	// Context is the context of the i-th tick of a run, from 0.
	Context(i int64) canon.Value
}

// Run is one run of a pipeline, whose ticks are asked for one after the other. A
// [scheduler.Scheduler] is one, in this process.
type Run interface {
	// Tick runs the tasks once. An error while ctx lasts gives the run up, unless it
	// says that the run is to be tried again, see ErrAgain.
	Tick(ctx context.Context, number int64, budgets scheduler.Budgets, value any) (scheduler.Tick, error)
	// SetPrevious makes the next tick see these results as those of the previous one.
	SetPrevious(results []events.TaskResult)
	// Close is called once, when the run is over or is left.
	Close() error
}

// Recorder is a Run with more to record than events and results.
type Recorder interface {
	// Extra returns what is to stand beside the tick that Tick returned last, outside of
	// all that is hashed. The objects that it names are in the store already.
	Extra() events.Extra
}

// Stateful is a Run whose tasks may keep something from tick to tick, beside the results
// that they are shown. After a crash it is not told these: it runs all its ticks again,
// and what comes of them is held against the record.
type Stateful interface {
	Stateful() bool
}

// Apart is a Run whose ticks may be computed in processes of its own, while this one waits.
type Apart interface {
	Apart() bool
}

// Logged is a Run that has something to say, beside what it comes to.
type Logged interface {
	// SetLog is called before the first tick. What is written there names the run.
	SetLog(zerolog.Logger)
}

// ErrProgram wrapped in the error of Config.Load says that the window can never be
// run: its runs are given up, and the verdict says why.
var ErrProgram = errors.New("no such program")

// ErrAgain wrapped in an error of a Run says that the tick was not run for a reason that
// is not the program's: the window goes back to the queue.
var ErrAgain = errors.New("not now")

// errUnfinished is the error of a goroutine that a program ended (runtime.Goexit).
var errUnfinished = errors.New("the program ended the goroutine that called it")

// protect calls a function of the program. A panic is its error, not our end.
func protect(what string, call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: panic: %v", what, p)
		}
	}()
	return call()
}

// loadProgram makes the window's program.
func (w *window) loadProgram(ctx context.Context) (Program, error) {
	return protectedLoad("the program of the window", func() (Program, error) { return w.Load(ctx, w.request) })
}

// protectedLoad calls what makes a program. One whose making panics can never be run.
func protectedLoad(what string, do func() (Program, error)) (program Program, err error) {
	panicked := true
	err = protect(what, func() error {
		program, err = do()
		panicked = false
		return err
	})
	if panicked {
		err = fmt.Errorf("%w: %w", ErrProgram, err)
	}
	return program, err
}

// beside waits until a run may go on beside the others of the window, or until none does
// where it is to be alone. The caller leaves in the end.
func (w *window) beside(ctx context.Context, run int) (leave func(), err error) {
	places := int64(1)
	if w.request.Run(run).Varied(vary.Alone) {
		places = int64(w.request.Runs)
	}
	if err := w.places.Acquire(ctx, places); err != nil {
		return nil, err
	}
	return func() { w.places.Release(places) }, nil
}

// newRun makes a run of the program.
func (w *window) newRun(number int) (run Run, err error) {
	err = protect("a new run of the program", func() error {
		run, err = w.program.NewRun(w.request.Run(number))
		if l, ok := run.(Logged); ok && err == nil {
			l.SetLog(w.log.With().Int("run", number).Logger())
		}
		return err
	})
	return run, err
}

// tick computes a tick of a run, when it is its turn. The error is that of ctx when it
// has ended, whatever else went wrong then.
func (w *window) tick(ctx context.Context, s Run, run int, number int64) (tick scheduler.Tick, err error) {
	turns := w.turnsOf(s, run)
	if err := turns.take(ctx, w.key.Pipeline, w.key.Window); err != nil {
		return tick, err
	}
	defer turns.give()
	start := time.Now()
	err = protect("the program", func() error {
		value := w.program.Context(number - w.request.FirstTick)
		tick, err = s.Tick(ctx, number, w.request.Budget, value)
		return err
	})
	w.short[run] = time.Since(start) < shortTick
	if ctx.Err() != nil {
		return tick, ctx.Err()
	}
	return tick, err
}

// Workers compute in processes of their own, while this one waits: so they do not hold up
// what is computed here. Where their ticks are short, much of the time goes into waking each
// other, and less of it where many are at work. Where they are long, many at once would only
// take each other's time, and one may run into its timeout.
const (
	shortTick   = 20 * time.Millisecond
	shortAtOnce = 8 // for each processor
)

// turnsOf says which turns the next tick of a run waits for.
func (w *window) turnsOf(s Run, run int) *turns {
	apart, ok := s.(Apart)
	switch {
	case !ok || !apart.Apart():
		return w.turns
	case w.short[run]:
		return w.shortTurns
	}
	return w.workerTurns
}

// end closes a run or a program, if it wants to be closed.
func (w *window) end(what string, x any) {
	c, ok := x.(io.Closer)
	if !ok {
		return
	}
	if err := protect(what, c.Close); err != nil {
		w.log.Warn().Err(err).Msg(what + " could not be closed")
	}
}

// grace is how long a program has to return once it was asked to stop.
const grace = 2 * time.Second

// unlessHung waits for do, but not for long after ctx has ended: a task may be in an
// operation that nothing ends. Such a goroutine is left behind. Its ctx has ended too,
// so that it appends nothing if it ever comes back.
func unlessHung(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() {
		err := errUnfinished
		defer func() { done <- err }()
		err = do()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fmt.Errorf("a task did not stop when it was asked to: %w", ctx.Err())
	}
}
