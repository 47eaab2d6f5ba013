package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// errCancelled is why a window in hand is left: it was cancelled.
var errCancelled = errors.New("cancelled")

// inHand are the windows that this coordinator runs, or runs of which it makes, so that a
// cancel stops them.
type inHand struct {
	mu   sync.Mutex
	held map[*holding]bool
}

type holding struct {
	key  events.WindowKey
	stop context.CancelCauseFunc
}

// hold notes that a window is in hand until release is called.
func (h *inHand) hold(ctx context.Context, key events.WindowKey) (held context.Context, release func()) {
	held, stop := context.WithCancelCause(ctx)
	this := &holding{key, stop}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held == nil {
		h.held = make(map[*holding]bool)
	}
	h.held[this] = true
	return held, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.held, this)
		stop(nil)
	}
}

// cancel stops a window, if it is in hand.
func (h *inHand) cancel(key events.WindowKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for held := range h.held {
		if held.key == key {
			held.stop(errCancelled)
		}
	}
}

// followControls stops what is in hand and cancelled meanwhile. Every coordinator reads
// all control events; that the runs are given up is the work of the one that the queue
// hands the event to.
func (c *Coordinator) followControls(ctx context.Context) error {
	last, err := c.Bus.LastSeq(ctx, events.StreamWindow)
	if err != nil {
		return err
	}
	return c.Bus.Follow(ctx, events.StreamWindow, events.ControlSubjects, last+1, func(m bus.Message) error {
		if e, err := events.ReadControl(m); err == nil && e.Verb == events.Cancel {
			c.held.cancel(events.WindowKey{Pipeline: e.Pipeline, Window: e.Window, Request: e.Request})
		}
		return nil
	})
}

// cancel carries a cancel out: the runs that are not at their end are given up.
//
// Commit point: each run by itself. A crash between two leaves the event on the queue,
// and whoever takes it next finds which runs are over.
func (c *Coordinator) cancel(ctx context.Context, item bus.WorkItem) error {
	log := c.Log.With().Uint64("control", item.Seq).Logger()
	drop := func(err error) error {
		log.Error().Err(err).Msg("this control event is passed over")
		return fmt.Errorf("%w: %w", bus.ErrDrop, err)
	}
	e, err := events.ReadControl(item.Message)
	if err != nil {
		return drop(err)
	}
	m, err := c.Bus.Get(ctx, events.StreamWindow, e.Window)
	if errors.Is(err, bus.ErrNotFound) {
		return drop(err)
	}
	if err != nil {
		return err
	}
	request, key, err := events.ReadRequest(m)
	if err != nil {
		return drop(err)
	}
	if key.Pipeline != e.Pipeline || key.Request != e.Request {
		return drop(fmt.Errorf("window %d was asked for by %.12s… of pipeline %s, and the event names %.12s… of %s", e.Window, key.Request, key.Pipeline, e.Request, e.Pipeline))
	}
	c.held.cancel(key)
	w := window{Coordinator: c, key: key, request: request, log: log.With().Uint64("window", e.Window).Logger()}
	if over, err := w.judged(ctx); over || err != nil {
		return err
	}
	reason := errCancelled
	if e.Reason != "" {
		reason = fmt.Errorf("%w: %s", errCancelled, strings.TrimSpace(e.Reason))
	}
	return w.giveUp(ctx, reason)
}

// maxTakings is how often a window, or a run of one, is taken in a row without a frame being
// added before it is given up: something in it ends whoever takes it.
const maxTakings = 10

// taken counts that a window was handed out again, or those runs of it that are named. The
// count stands in the stream: the queue's own goes with its consumer, and kills of
// coordinators drive it up. It returns why what was taken is to be given up, nil when it is
// not.
func (w *window) taken(ctx context.Context, item bus.WorkItem, runs ...int) (tooOften, err error) {
	for item.Deliveries > 1 {
		last, e, err := w.taking(ctx, runs)
		if err != nil {
			return nil, err
		}
		if e.Takings > maxTakings {
			return fmt.Errorf("it was taken %d times in a row, and no frame was added: something in it ends whoever takes it", maxTakings), nil
		}
		data, err := events.Encode(e)
		if err != nil {
			return nil, err
		}
		// Commit point: the note. One that is lost is a taking that is not counted.
		_, err = w.Bus.Append(ctx, events.ControlSubject(events.Taken, w.key.Pipeline, w.key.Window), last, data)
		if !errors.Is(err, bus.ErrConflict) {
			return nil, err
		}
	}
	return nil, nil
}

// taking is the next note of a taking, and the sequence of the last one of the window.
func (w *window) taking(ctx context.Context, runs []int) (last uint64, e *events.Control, err error) {
	filter := "ers.trace." + w.key.Filter()
	if len(runs) == 1 {
		filter = events.TraceSubject(w.key.Run(runs[0]))
	}
	trace, err := w.Bus.Last(ctx, events.StreamTrace, filter)
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		return 0, nil, err
	}
	e = &events.Control{Schema: events.ControlSchema, Verb: events.Taken, Pipeline: w.key.Pipeline, Window: w.key.Window,
		Request: w.key.Request, Takings: 1, TraceSeq: trace.Seq, Runs: runs}
	for m, err := range w.Bus.Read(ctx, events.StreamWindow, events.ControlSubject(events.Taken, e.Pipeline, e.Window), 1, 0) {
		if err != nil {
			return 0, nil, err
		}
		last = m.Seq
		if before, err := events.ReadControl(m); err == nil && before.Request == e.Request && slices.Equal(before.Runs, runs) {
			e.Takings = 1
			if before.TraceSeq == e.TraceSeq {
				e.Takings = before.Takings + 1
			}
		}
	}
	return last, e, nil
}
