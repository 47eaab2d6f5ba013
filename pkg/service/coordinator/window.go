package coordinator

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// window is one window in hand.
type window struct {
	*Coordinator
	key     events.WindowKey
	request *events.WindowRequest
	program Program
	log     zerolog.Logger
}

func (w *window) run(ctx context.Context) error {
	program, err := w.Load(ctx, w.request)
	switch {
	case errors.Is(err, ErrProgram):
		return w.giveUp(ctx, err)
	case err != nil:
		return fmt.Errorf("load the window's program: %w", err)
	}
	w.program = program
	return w.eachRun(func(run int) error { return w.runOne(ctx, run) })
}

// giveUp abandons every run of a window that has no program, so that the gate can
// say so instead of waiting for ever.
func (w *window) giveUp(ctx context.Context, reason error) error {
	w.log.Warn().Err(reason).Msg("the window's runs are given up")
	return w.eachRun(func(run int) error {
		at, err := w.resume(ctx, run)
		if err != nil || at.done {
			return err
		}
		return w.abandon(ctx, at, reason)
	})
}

// eachRun calls do for every run, side by side. All are tried; the first error is
// returned.
func (w *window) eachRun(do func(run int) error) error {
	var group errgroup.Group
	group.SetLimit(parallelRuns)
	for run := range w.request.Runs {
		group.Go(func() error {
			if err := do(run); err != nil {
				return fmt.Errorf("run %d: %w", run, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// abandon puts the frame on the run's subject that says why there will be no more.
//
// Commit point: after it the run is over, and its window can only be inconclusive.
// A crash before it leaves the run as it was, and who resumes it finds the same
// reason.
func (w *window) abandon(ctx context.Context, at position, reason error) error {
	p := at.frame
	p.Total = max(p.Total, p.First)
	frame, err := events.AppendAbandoned(nil, p, events.ClipReason(reason.Error()))
	if err != nil {
		return err
	}
	_, err = w.Bus.Append(ctx, events.TraceSubject(p.RunKey), at.last, frame)
	if errors.Is(err, bus.ErrConflict) {
		return fmt.Errorf("another coordinator has this run: %w", err)
	}
	return err
}
