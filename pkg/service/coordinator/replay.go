package coordinator

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

// replay runs a run from its first tick to where it stands, unpublished, and compares
// what comes with the record. The last tick may be there in part: it is kept for what is
// left to publish, since no task is asked twice for the same tick.
func (w *window) replay(ctx context.Context, s Run, at *position) (*events.Difference, error) {
	var d events.FrameDecoder
	var record events.Tick
	next := at.frame.FirstTick
	for m, err := range w.Bus.Read(ctx, events.StreamTrace, events.TraceSubject(at.frame.RunKey), 1, at.last) {
		if err != nil {
			return nil, err
		}
		if err := d.Decode(m.Data); err != nil {
			return nil, fmt.Errorf("%w: %s sequence %d: %w", errBadRun, events.StreamTrace, m.Seq, err)
		}
		if d.Tick != next || d.First != len(record.Events) {
			return nil, fmt.Errorf("%w: %s sequence %d has event %d of tick %d where event %d of tick %d belongs",
				errBadRun, events.StreamTrace, m.Seq, d.First, d.Tick, len(record.Events), next)
		}
		d.AppendTo(&record)
		if !d.Last() && m.Seq != at.last {
			continue
		}
		again, err := w.again(ctx, s, at.frame.Run, next)
		if err != nil {
			return nil, err
		}
		if difference, err := compare.Restart(&record, &again.Tick); difference != nil || err != nil {
			return difference, err
		}
		if !d.Last() {
			at.begun = &again
		}
		next, record = next+1, events.Tick{}
	}
	return nil, nil
}

// again runs a tick once more, as the record has it.
func (w *window) again(ctx context.Context, s Run, run int, number int64) (scheduler.Tick, error) {
	tick, err := w.tick(ctx, s, run, number)
	if err == nil {
		err = w.falsify(run, &tick.Tick)
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrAgain) {
		err = fmt.Errorf("%w: tick %d, run again after a restart: %w", errHopeless, number, err)
	}
	return tick, err
}
