package coordinator

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

// position is where a run stands on the stream.
type position struct {
	done  bool            // nothing is left to do
	frame events.Position // the next frame to publish
	last  uint64          // sequence of the run's last frame, 0: none
	total int             // events of the tick that is published in part, 0: none is

	begun *scheduler.Tick // that tick, when it was run already
}

// beginning is where a run stands that was never begun.
func (w *window) beginning(run int) position {
	return position{frame: events.Position{
		Request: w.key.Request, RunKey: w.key.Run(run),
		FirstTick: w.request.FirstTick, Ticks: w.request.Ticks, Tick: w.request.FirstTick,
	}}
}

// resume finds where a run stands from its last frame.
func (w *window) resume(ctx context.Context, run int) (position, error) {
	at := w.beginning(run)
	m, err := w.Bus.Last(ctx, events.StreamTrace, events.TraceSubject(at.frame.RunKey))
	if errors.Is(err, bus.ErrNotFound) {
		return at, nil
	}
	if err != nil {
		return at, err
	}
	var d events.FrameDecoder
	err = d.ReadFrame(m)
	if err == nil && d.Request != w.key.Request {
		// Never to be gone on with, and not to be broken either: the window of the other
		// request may still have its verdict.
		return at, fmt.Errorf("%w: %s sequence %d is of request %.12s…, this window's is %.12s…; run `ers repair`", errOtherRequest, m.Stream, m.Seq, d.Request, w.key.Request)
	}
	if err == nil {
		err = d.DecodeBody()
	}
	if err == nil && (d.FirstTick != at.frame.FirstTick || d.Ticks != at.frame.Ticks) {
		err = fmt.Errorf("it belongs to a run of %d ticks from tick %d", d.Ticks, d.FirstTick)
	}
	if err != nil {
		// Not ours to repair: the hasher says of such a run that it cannot be judged.
		w.log.Error().Err(err).Int("run", run).Uint64("seq", m.Seq).Msg("the run's last frame is bad, the run stays as it is")
		return position{done: true}, nil
	}
	at.last, at.frame.Tick = m.Seq, d.Tick
	if d.Last() {
		at.frame.Tick++
	} else {
		at.frame.First, at.frame.Total, at.total = d.First+d.Len(), d.Total, d.Total
	}
	at.done = d.Abandoned != "" || d.Difference != nil || at.frame.Tick == at.frame.FirstTick+at.frame.Ticks
	return at, nil
}

// errOtherRequest says that the runs of another request stand under the window's number:
// ERS_WINDOW was removed, restored or cut short beside a full ERS_TRACE.
var errOtherRequest = errors.New("the number has runs of another request")

// restore brings a run to where it stands on the stream. A difference that it meets on
// the way ends the run.
func (w *window) restore(ctx context.Context, s Run, at *position) (*events.Difference, error) {
	p := at.frame
	if at.last == 0 {
		return nil, nil
	}
	stateful, ok := s.(Stateful)
	// Where the stream has the tick before falsified, the tasks of an undisturbed run see
	// it as it was.
	drilled := w.request.Drill != nil && w.request.Drill.Run == p.Run && w.request.Drill.Tick == p.Tick-1
	if drilled || ok && stateful.Stateful() {
		return w.replay(ctx, s, at)
	}
	if p.Tick == p.FirstTick {
		return nil, nil
	}
	previous, err := w.readTick(ctx, p.RunKey, p.Tick-1, at.last)
	if err != nil {
		return nil, fmt.Errorf("read tick %d back: %w", p.Tick-1, err)
	}
	s.SetPrevious(previous.Results)
	return nil, nil
}

// errBadRun says that what is on the stream is not a run that could be gone on with.
var errBadRun = errors.New("the run cannot be resumed")

// readTick reads a tick back from its run's subject, on which end is the sequence of
// some frame of that tick or a later one. Ticks ascend along the subject, so the
// first frame is found by bisection.
func (w *window) readTick(ctx context.Context, key events.RunKey, tick int64, end uint64) (events.Tick, error) {
	var t events.Tick
	var d events.FrameDecoder
	subject := events.TraceSubject(key)
	frameFrom := func(seq uint64) (bus.Message, error) {
		m, err := w.Bus.Next(ctx, events.StreamTrace, subject, seq)
		if err == nil {
			if err = d.Decode(m.Data); err != nil {
				err = fmt.Errorf("%w: %s sequence %d: %w", errBadRun, events.StreamTrace, m.Seq, err)
			}
		}
		return m, err
	}
	low, high := uint64(1), end
	for low < high {
		middle := low + (high-low)/2
		m, err := frameFrom(middle)
		switch {
		case err != nil:
			return t, err
		case d.Tick >= tick:
			high = middle
		default:
			low = m.Seq + 1
		}
	}
	for next := low; ; {
		m, err := frameFrom(next)
		if err != nil {
			return t, err
		}
		if d.Tick != tick || d.First != len(t.Events) {
			return t, fmt.Errorf("%w: %s sequence %d has event %d of tick %d where event %d of tick %d belongs",
				errBadRun, events.StreamTrace, m.Seq, d.First, d.Tick, len(t.Events), tick)
		}
		d.AppendTo(&t)
		if d.Last() {
			return t, nil
		}
		next = m.Seq + 1
	}
}
