package coordinator

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// runOne runs one run from where it stands to its end. This is the life of a tick:
// the scheduler runs it, the encoder cuts it into frames, and each frame is appended
// behind the one before.
func (w *window) runOne(ctx context.Context, run int) error {
	at, err := w.resume(ctx, run)
	if err != nil || at.done {
		return err
	}
	s, err := w.program.Scheduler()
	if err != nil {
		return w.abandon(ctx, at, err)
	}
	switch err := w.restore(ctx, s, at); {
	case errors.Is(err, errBadRun):
		return w.abandon(ctx, at, err)
	case err != nil:
		return err
	}
	p := at.frame
	subject := events.TraceSubject(p.RunKey)
	var encoder events.FrameEncoder
	for end := p.FirstTick + p.Ticks; p.Tick < end; p.Tick, p.First = p.Tick+1, 0 {
		tick, err := s.Tick(p.Tick, w.request.Budget, w.program.Context(p.Tick-p.FirstTick))
		if err != nil {
			return w.abandon(ctx, at, err)
		}
		if err := w.falsify(run, &tick.Tick); err != nil {
			return w.abandon(ctx, at, err)
		}
		if p.First > len(tick.Events) || at.total > 0 && at.total != len(tick.Events) {
			return w.abandon(ctx, at, fmt.Errorf("tick %d was begun with %d events and now has %d", p.Tick, at.total, len(tick.Events)))
		}
		var appendErr error
		err = encoder.Encode(p, &tick.Tick, w.maxFrame, func(frame []byte, next int) error {
			// Commit point: once acknowledged the frame is part of the run. A crash
			// before leaves the run at the frame before; a crash after, with the
			// acknowledgement unread, at this one. Both are where resume begins.
			var seq uint64
			if seq, appendErr = w.Bus.Append(ctx, subject, at.last, frame); appendErr == nil {
				at.last, at.frame = seq, p
				at.frame.First, at.frame.Total = next, len(tick.Events)
			}
			return appendErr
		})
		switch {
		case errors.Is(appendErr, bus.ErrConflict):
			return fmt.Errorf("another coordinator has this run: %w", appendErr)
		case appendErr != nil:
			return appendErr
		case err != nil: // a tick that has no frame
			return w.abandon(ctx, at, err)
		}
		at.total = 0
		w.stats.Ticks.Add(1)
		w.stats.Events.Add(int64(len(tick.Events)))
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}
