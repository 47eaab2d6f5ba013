package coordinator

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

// runOne runs one run from where it stands to its end. This is the life of a tick:
// the scheduler runs it, the encoder cuts it into frames, and each frame is appended
// behind the one before. The run may be ahead of what is on the stream by the frames
// that are waiting there. fresh tells that the stream has nothing of it.
func (w *window) runOne(ctx context.Context, run int, fresh bool) (err error) {
	at := w.beginning(run)
	if !fresh {
		if at, err = w.resume(ctx, run); err != nil || at.done {
			return err
		}
	}
	leave, err := w.beside(ctx, run)
	if err != nil {
		return err
	}
	defer leave()
	s, err := w.newRun(run)
	if err != nil {
		return w.abandon(ctx, at, err)
	}
	defer w.end("a run", s)
	switch difference, err := w.restore(ctx, s, &at); {
	case errors.Is(err, errBadRun), errors.Is(err, errHopeless):
		return w.abandon(ctx, at, err)
	case err != nil:
		return err
	case difference != nil:
		return w.differ(ctx, at, difference)
	}
	out := w.group.Writer(events.TraceSubject(at.frame.RunKey), at.last)
	err = w.ticks(ctx, s, out, &at)
	last, appendErr := out.Flush()
	at.last = last
	switch {
	case errors.Is(appendErr, bus.ErrConflict):
		return fmt.Errorf("another coordinator has this run: %w", appendErr)
	case appendErr != nil:
		return appendErr
	case errors.Is(err, errHopeless):
		return w.abandon(ctx, at, err)
	}
	return err
}

// errHopeless says that the run has a tick that cannot be published, now or later.
var errHopeless = errors.New("the run cannot go on")

// ticks runs the ticks from at on and appends their frames. It keeps at where the
// next frame is to be.
func (w *window) ticks(ctx context.Context, s Run, out *bus.Writer, at *position) error {
	var encoder events.FrameEncoder
	p := &at.frame
	for end := p.FirstTick + p.Ticks; p.Tick < end; p.Tick, p.First, p.Total, at.total = p.Tick+1, 0, 0, 0 {
		tick, err := w.nextTick(ctx, s, at)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, ErrAgain) {
			return err
		}
		if err == nil && at.total > 0 && at.total != len(tick.Events) {
			err = fmt.Errorf("tick %d was begun with %d events and now has %d", p.Tick, at.total, len(tick.Events))
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errHopeless, err)
		}
		var appendErr error
		extra, err := w.extra(ctx, s, &tick, at.total > 0)
		if err != nil {
			return err
		}
		said := false
		err = encoder.Encode(*p, &tick.Tick, w.maxFrame-extra.Size(), func(frame []byte, next int) error {
			if !said && !extra.IsZero() {
				said, p.Total = true, len(tick.Events)
				if frame, err = extra.Add(frame, p, false); err != nil {
					return err
				}
			}
			if most := w.Bus.MaxPayload(); len(frame) > most {
				return fmt.Errorf("event %d of tick %d takes %d bytes, and a message of this server at most %d: raise its max_payload", next-1, p.Tick, len(frame), most)
			}
			// Commit point: see Writer.Append. Whatever the stream has of the run when
			// we crash, between two frames, is where resume begins.
			if appendErr = out.Append(ctx, frame); appendErr == nil {
				p.First, p.Total = next, len(tick.Events)
			}
			return appendErr
		})
		switch {
		case appendErr != nil:
			return appendErr
		case err != nil: // no frame can be made of this tick
			return fmt.Errorf("%w: %w", errHopeless, err)
		case ctx.Err() != nil:
			return ctx.Err()
		}
		w.stats.Ticks.Add(1)
		w.stats.Events.Add(int64(len(tick.Events)))
	}
	return nil
}

// nextTick returns the tick that is to be published, as it is to be.
func (w *window) nextTick(ctx context.Context, s Run, at *position) (scheduler.Tick, error) {
	if begun := at.begun; begun != nil {
		at.begun = nil
		return *begun, nil
	}
	tick, err := w.tick(ctx, s, at.frame.Run, at.frame.Tick)
	if err == nil {
		err = w.falsify(at.frame.Run, &tick.Tick)
	}
	return tick, err
}

// differ ends a run with the difference that it met by itself.
//
// Commit point: after it the run is over, and its window fails. A crash before it leaves
// the run as it was, and who resumes it meets the difference again, or another one.
func (w *window) differ(ctx context.Context, at position, d *events.Difference) error {
	w.log.Warn().Int("run", at.frame.Run).Int64("tick", d.Tick).Str("task", d.Task).Msg("a run that was resumed differs from its record")
	return w.endRun(ctx, at, func(p events.Position) ([]byte, error) { return events.AppendDifference(nil, p, d) })
}
