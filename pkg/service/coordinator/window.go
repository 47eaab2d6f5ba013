package coordinator

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// window is one window in hand.
type window struct {
	*Coordinator
	key     events.WindowKey
	request *events.WindowRequest
	program Program
	short   []bool              // by run: its last tick was; each is used by its run alone
	places  *semaphore.Weighted // one for each run: a run that is alone takes them all
	log     zerolog.Logger
}

// judged tells whether a window has its verdict: then it is over, whatever is left of its
// runs here. Those of a window that is archived are not here any more.
func (w *window) judged(ctx context.Context) (bool, error) {
	_, err := w.Bus.Last(ctx, events.StreamVerdict, events.VerdictGuard(w.key.Pipeline, w.key.Window))
	if errors.Is(err, bus.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// take runs a window, unless it is over, or one to be given up.
func (w *window) take(ctx context.Context, item bus.WorkItem) error {
	if over, err := w.judged(ctx); over || err != nil {
		return err
	}
	tooOften, err := w.taken(ctx, item)
	if err != nil {
		return err
	}
	if reason := cmp.Or(tooOften, w.beyond()); reason != nil {
		return w.giveUp(ctx, reason)
	}
	return w.run(ctx)
}

// beyond says what of a request is more than this coordinator can do.
func (w *window) beyond() error {
	q := w.request
	for _, g := range q.Groups {
		if g.Name != events.ShadowOff {
			return fmt.Errorf("runs of a group %q: this coordinator knows no such group", g.Name)
		}
	}
	switch {
	case q.Ticks == 0:
		return errors.New("a run of open length: this coordinator has no live inputs")
	case q.Ticks > w.MaxTicks/int64(q.Runs):
		return fmt.Errorf("%d runs of %d ticks are more than the %d ticks in all that this coordinator runs: ask for fewer, or raise --max-ticks", q.Runs, q.Ticks, w.MaxTicks)
	}
	return nil
}

func (w *window) run(ctx context.Context) error {
	// One look for all runs, since most windows are taken once.
	_, err := w.Bus.Last(ctx, events.StreamTrace, "ers.trace."+w.key.Filter())
	fresh := errors.Is(err, bus.ErrNotFound)
	if err != nil && !fresh {
		return err
	}
	err = w.prepare(ctx)
	switch {
	case errors.Is(err, ErrProgram):
		return w.giveUp(ctx, err)
	case err != nil:
		return err
	}
	defer w.end("the program", w.program)
	for i := range w.request.Groups {
		if err := w.runGroup(ctx, &w.request.Groups[i], fresh); err != nil {
			return err
		}
	}
	if w.spread() {
		return w.handOut(ctx)
	}
	return w.runAll(ctx, upTo(w.request.Plain()), fresh)
}

// prepare loads the program, so that runs can be made.
func (w *window) prepare(ctx context.Context) error {
	program, err := w.loadProgram(ctx)
	if err != nil {
		return fmt.Errorf("load the window's program: %w", err)
	}
	w.program, w.short = program, make([]bool, w.request.Runs)
	w.places = semaphore.NewWeighted(int64(w.request.Runs))
	return nil
}

// runAll runs some of the runs.
func (w *window) runAll(ctx context.Context, runs []int, fresh bool) error {
	return w.eachRun(runs, func(run int) error { return w.runOne(ctx, run, fresh) }, func(run int) error { return w.giveUpRun(ctx, run, errUnfinished) })
}

// giveUp abandons every run of a window that has no program, so that the gate can
// say so instead of waiting for ever.
func (w *window) giveUp(ctx context.Context, reason error) error {
	w.log.Warn().Err(reason).Msg("the window's runs are given up")
	return w.giveUpRuns(ctx, upTo(w.request.Runs), reason)
}

// upTo are the runs from 0 to n-1.
func upTo(n int) []int {
	runs := make([]int, n)
	for run := range runs {
		runs[run] = run
	}
	return runs
}

// giveUpRuns abandons some of the runs.
func (w *window) giveUpRuns(ctx context.Context, runs []int, reason error) error {
	return w.eachRun(runs, func(run int) error { return w.giveUpRun(ctx, run, reason) }, nil)
}

func (w *window) giveUpRun(ctx context.Context, run int, reason error) error {
	at, err := w.resume(ctx, run)
	if err != nil || at.done {
		return err
	}
	return w.abandon(ctx, at, reason)
}

// eachRun calls do for each of the runs, side by side. All are tried; the error of the first
// run that has one is returned. unfinished is called for a run whose goroutine was
// ended inside of do.
func (w *window) eachRun(runs []int, do, unfinished func(run int) error) error {
	var group errgroup.Group
	group.SetLimit(parallelRuns)
	ends := make([]error, len(runs))
	for i, run := range runs {
		ends[i] = errUnfinished
		group.Go(func() error {
			ends[i] = do(run)
			return nil
		})
	}
	_ = group.Wait() // it has no errors
	for i, run := range runs {
		err := ends[i]
		if err == errUnfinished && unfinished != nil {
			err = unfinished(run)
		}
		if err != nil {
			return fmt.Errorf("run %d: %w", run, err)
		}
	}
	return nil
}

// abandon puts the frame on the run's subject that says why there will be no more.
//
// Commit point: after it the run is over, and its window can only be inconclusive.
// A crash before it leaves the run as it was, and who resumes it finds the same
// reason.
func (w *window) abandon(ctx context.Context, at position, reason error) error {
	return w.endRun(ctx, at, func(p events.Position) ([]byte, error) {
		return events.AppendAbandoned(nil, p, events.ClipReason(reason.Error()))
	})
}

// endRun appends the frame with which a run ends before its last tick.
func (w *window) endRun(ctx context.Context, at position, encode func(events.Position) ([]byte, error)) error {
	p := at.frame
	p.Total = max(p.Total, p.First)
	frame, err := encode(p)
	if err != nil {
		return err
	}
	_, err = w.Bus.Append(ctx, events.TraceSubject(p.RunKey), at.last, frame)
	if errors.Is(err, bus.ErrConflict) {
		return fmt.Errorf("another coordinator has this run: %w", err)
	}
	return err
}
