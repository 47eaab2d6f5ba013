package audit

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// handout checks a run that was handed out by itself. A coordinator
// drops one that is none of its window's; that it is there is a finding all the same.
func (a *auditor) handout(ctx context.Context, m bus.Message) (*Finding, error) {
	h := new(handout)
	wrong := func(err error) (*Finding, error) {
		return &Finding{Kind: Contradiction, Stream: m.Stream, Seq: m.Seq, Window: h.Window, Run: -1, Tick: -1, Message: err.Error()}, nil
	}
	if err := readRecord(m.Data, events.HandoutSchema, h); err != nil {
		return wrong(fmt.Errorf("a run that is handed out, which cannot be read: %w", err))
	}
	if want := events.HandoutSubject(h.Kind, events.RunKey{Pipeline: h.Pipeline, Window: h.Window, Run: h.Run}); m.Subject != want {
		return wrong(fmt.Errorf("a run that is handed out on %s, and belongs on %s", m.Subject, want))
	}
	asked, there, err := a.get(ctx, events.StreamWindow, h.Window)
	if err != nil {
		return nil, err
	}
	if !there || h.Window >= m.Seq || shaOf(asked.Data) != h.Request {
		return wrong(fmt.Errorf("a run that is handed out of request %.12s…, which no request before it is", h.Request))
	}
	q, err := readRequest(asked)
	switch {
	case err != nil:
	case q.Pipeline != h.Pipeline || q.Kind != h.Kind:
		err = fmt.Errorf("its window is one of pipeline %s, kind %s", q.Pipeline, q.Kind)
	case !q.Spread:
		err = errors.New("its window does not compare machines")
	case h.Run < 0 || h.Run >= q.Runs-q.special():
		err = fmt.Errorf("its window hands out runs 0 to %d", q.Runs-q.special()-1)
	}
	if err != nil {
		return wrong(fmt.Errorf("run %d of window %d is handed out: %w", h.Run, h.Window, err))
	}
	return nil, nil
}
