package coordinator

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// A window that compares machines has its plain runs made by all coordinators. The one that
// takes the window hands them out one by one, on a queue of runs that all share; what holds
// for a window in hand holds for a run: it is its coordinator's own for as long as that says
// so every second, it comes back 3 seconds after its coordinator fell silent, and the guards
// of its frames stop whoever goes on with a run that another one has.
//
// Each coordinator has one request for a run in the queue of the server, which answers
// them in turn: so every coordinator that is idle gets a run before any gets its second.

// spread tells whether the runs of the window are handed out.
func (w *window) spread() bool { return w.request.Spread && w.request.Kind != events.Here }

// handOut puts the plain runs on the queue of runs.
//
// Commit point: each run by itself. A crash between two brings the window back, and whoever
// takes it hands out the others.
func (w *window) handOut(ctx context.Context) error {
	for run := range w.request.Plain() {
		h := events.Handout{Schema: events.HandoutSchema, Kind: w.request.Kind,
			Pipeline: w.key.Pipeline, Window: w.key.Window, Run: run, Request: w.key.Request}
		data, err := events.Encode(&h)
		if err != nil {
			return err
		}
		subject := events.HandoutSubject(h.Kind, h.RunKey())
		if _, err = w.Bus.Append(ctx, subject, 0, data); errors.Is(err, bus.ErrConflict) {
			err = w.handedOut(ctx, subject, data)
		}
		if err != nil {
			return fmt.Errorf("hand out run %d: %w", run, err)
		}
	}
	return nil
}

// handedOut makes sure that what stands where a run is handed out is that run.
func (w *window) handedOut(ctx context.Context, subject string, data []byte) error {
	m, err := w.Bus.Last(ctx, events.StreamWindow, subject)
	if err == nil && !bytes.Equal(m.Data, data) {
		err = fmt.Errorf("%s sequence %d hands out another run on its subject: run `ers audit`, and ask for the window again", m.Stream, m.Seq)
	}
	return err
}

// handout makes one run that was handed out. An error brings the run back to the queue.
func (c *Coordinator) handout(ctx context.Context, item bus.WorkItem) error {
	log := c.Log.With().Uint64("handout", item.Seq).Logger()
	h, request, key, err := c.readHandout(ctx, item)
	if err != nil {
		if errors.Is(err, bus.ErrDrop) {
			log.Error().Err(err).Msg("this run can never be made")
		}
		return err
	}
	log = log.With().Str("pipeline", h.Pipeline).Uint64("window", h.Window).Int("run", h.Run).Logger()
	held, release := c.held.hold(ctx, key)
	defer release()
	w, leave := c.shared.join(c, key, request)
	defer leave()
	log.Info().Msg("run begins")
	err = w.takeRun(held, item, h.Run)
	switch {
	case (errors.Is(err, errCancelled) || errors.Is(context.Cause(held), errCancelled)) && ctx.Err() == nil:
		// Who carries the cancel out gives up the runs. This one comes back, and is then
		// found to be over.
		log.Info().Msg("the run's window is cancelled, it is left")
		return errCancelled
	case err == nil:
		log.Info().Msg("run is complete")
	case ctx.Err() == nil:
		log.Warn().Err(err).Msg("run is not complete, it goes back to the queue")
	}
	return err
}

// readHandout reads a run that is handed out, and what was asked for.
func (c *Coordinator) readHandout(ctx context.Context, item bus.WorkItem) (*events.Handout, *events.WindowRequest, events.WindowKey, error) {
	drop := func(err error) (*events.Handout, *events.WindowRequest, events.WindowKey, error) {
		return nil, nil, events.WindowKey{}, fmt.Errorf("%w: %w", bus.ErrDrop, err)
	}
	h, err := events.ReadHandout(item.Message)
	if err != nil {
		return drop(err)
	}
	m, err := c.Bus.Get(ctx, events.StreamWindow, h.Window)
	switch {
	case errors.Is(err, bus.ErrNotFound):
		return drop(err)
	case err != nil:
		return nil, nil, events.WindowKey{}, err
	}
	request, key, err := events.ReadRequest(m)
	if err == nil {
		err = h.Of(key, request)
	}
	if err != nil {
		return drop(err)
	}
	return h, request, key, nil
}

// takeRun makes a run, unless its window is over, or it is one to be given up.
func (s *sharedWindow) takeRun(ctx context.Context, item bus.WorkItem, run int) error {
	if over, err := s.judged(ctx); over || err != nil {
		return err
	}
	if err := s.cancelled(ctx); err != nil {
		return err
	}
	tooOften, err := s.taken(ctx, item, run)
	if err != nil {
		return err
	}
	reason := cmp.Or(tooOften, s.beyond())
	if reason == nil {
		s.load.Do(func() { s.failed = s.prepare(ctx) })
		reason = s.failed
	}
	switch {
	case reason != nil && s.failed != nil && !errors.Is(s.failed, ErrProgram):
		return s.failed
	case reason != nil:
		return s.giveUpRuns(ctx, []int{run}, reason)
	}
	return s.runAll(ctx, []int{run}, false)
}

// cancelled is errCancelled where the window is. A cancel that comes later finds the window
// in hand.
func (w *window) cancelled(ctx context.Context) error {
	m, err := w.Bus.Last(ctx, events.StreamWindow, events.ControlSubject(events.Cancel, w.key.Pipeline, w.key.Window))
	if errors.Is(err, bus.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if e, err := events.ReadControl(m); err == nil && e.Request == w.key.Request {
		return errCancelled
	}
	return nil
}

// sharedWindows are the windows of which runs that were handed out are made here: all
// that are made at once share the window's program.
type sharedWindows struct {
	mu   sync.Mutex
	open map[events.WindowKey]*sharedWindow
}

type sharedWindow struct {
	window
	users  int // guarded by sharedWindows.mu
	load   sync.Once
	failed error // of load
}

// join returns the window that all runs share until leave is called.
func (s *sharedWindows) join(c *Coordinator, key events.WindowKey, request *events.WindowRequest) (w *sharedWindow, leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w = s.open[key]
	if w == nil {
		log := c.Log.With().Uint64("window", key.Window).Str("pipeline", key.Pipeline).Logger()
		w = &sharedWindow{window: window{Coordinator: c, key: key, request: request, log: log}}
		if s.open == nil {
			s.open = make(map[events.WindowKey]*sharedWindow)
		}
		s.open[key] = w
	}
	w.users++
	return w, func() {
		s.mu.Lock()
		w.users--
		last := w.users == 0
		if last {
			delete(s.open, key)
		}
		s.mu.Unlock()
		if last && w.program != nil {
			w.end("the program", w.program)
		}
	}
}
