// Package client is what a program does with ERS that is not a service: it asks for
// windows ([Submit]), waits for their verdicts ([Verdict]), and reads runs back from
// ERS_TRACE, as frames ([Frames]) or tick by tick ([Ticks]). Reading makes sure that
// nothing is missing or out of place.
package client

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// Submit asks for a window of a pipeline file and returns its key. change, if not nil,
// changes the request before it is checked and sent.
//
// Commit point: the window's message. The objects that it names are there before it;
// a crash before it leaves objects that nobody asks for, and no window.
func Submit(ctx context.Context, b *bus.Bus, f *pipeline.File, change func(*events.WindowRequest)) (events.WindowKey, error) {
	if err := f.One(); err != nil {
		return events.WindowKey{}, err
	}
	r := f.Request()
	if change != nil {
		change(&r)
	}
	if _, err := encode(&r); err != nil { // before anything is stored
		return events.WindowKey{}, err
	}
	for sha, c := range f.Contents {
		if err := b.PutObjectFrom(ctx, sha, c.Size, c.Open); err != nil {
			return events.WindowKey{}, err
		}
	}
	if _, err := b.PutObject(ctx, f.Definition.Encode()); err != nil {
		return events.WindowKey{}, err
	}
	if _, err := b.PutObject(ctx, f.Contexts.Encode()); err != nil {
		return events.WindowKey{}, err
	}
	return Request(ctx, b, &r)
}

// Request asks for a window whose objects are in the store already. It sets what the
// request says of the other streams, see [events.After]: so each call asks for a window
// of its own. It refuses to ask where a stream is shorter than others remember
// ([events.ErrShort]).
func Request(ctx context.Context, b *bus.Bus, r *events.WindowRequest) (events.WindowKey, error) {
	after, err := After(ctx, b)
	if err != nil {
		return events.WindowKey{}, err
	}
	r.After = after
	data, err := encode(r)
	if err != nil {
		return events.WindowKey{}, err
	}
	window, err := send(ctx, b, events.WindowSubject(r.Kind, r.Pipeline), data)
	return events.WindowKey{Pipeline: r.Pipeline, Window: window, Request: events.RequestSHA256(data)}, err
}

// After is what a request says of how the other streams end now. One that is shorter than
// others remember is [events.ErrShort].
func After(ctx context.Context, b *bus.Bus) (events.After, error) {
	s, err := b.Standing(ctx)
	if err == nil {
		err = s.Check()
	}
	if err != nil {
		return events.After{}, err
	}
	after := events.After{Trace: s.Trace, Digest: s.Digest}
	if last := s.LastVerdict; last.Seq > 0 {
		after.Verdict, after.VerdictSHA256 = last.Seq, canon.Sum(last.Data).String()
	}
	return after, nil
}

// encode refuses what the services would refuse.
func encode(r *events.WindowRequest) ([]byte, error) {
	data, err := events.Encode(r)
	if err == nil {
		err = events.Decode(data, new(events.WindowRequest))
	}
	if err != nil {
		return nil, fmt.Errorf("window request: %w", err)
	}
	return data, nil
}

func send(ctx context.Context, b *bus.Bus, subject string, data []byte) (window uint64, err error) {
	for {
		last, err := b.Last(ctx, events.StreamWindow, subject)
		if err != nil && !errors.Is(err, bus.ErrNotFound) {
			return 0, err
		}
		window, err := b.Append(ctx, subject, last.Seq, data)
		if !errors.Is(err, bus.ErrConflict) {
			return window, err
		}
	}
}

// Cancel gives up the runs of a window that are not sealed when a coordinator reads it.
// Its verdict is then inconclusive, unless all runs were sealed before. It returns the
// ERS_WINDOW sequence of the control event.
//
// Commit point: the control event. Asking again when there is one already changes
// nothing.
func Cancel(ctx context.Context, b *bus.Bus, k events.WindowKey, reason string) (seq uint64, err error) {
	subject := events.ControlSubject(events.Cancel, k.Pipeline, k.Window)
	data, err := events.Encode(&events.Control{Schema: events.ControlSchema, Verb: events.Cancel,
		Pipeline: k.Pipeline, Window: k.Window, Request: k.Request, Reason: events.ClipReason(reason)})
	if err != nil {
		return 0, err
	}
	seq, err = b.Append(ctx, subject, 0, data)
	if found, ok := errors.AsType[*bus.ConflictError](err); ok {
		return found.Found, nil
	}
	return seq, err
}

// Get returns the request of a window, and the window's key.
func Get(ctx context.Context, b *bus.Bus, window uint64) (*events.WindowRequest, events.WindowKey, error) {
	m, err := b.Get(ctx, events.StreamWindow, window)
	if errors.Is(err, bus.ErrNoStream) {
		return nil, events.WindowKey{}, fmt.Errorf("there is no window %d: stream %s: %w", window, events.StreamWindow, bus.ErrNoStream)
	}
	if errors.Is(err, bus.ErrNotFound) {
		return nil, events.WindowKey{}, fmt.Errorf("there is no window %d: %w", window, err)
	}
	if err != nil {
		return nil, events.WindowKey{}, err
	}
	if !strings.HasPrefix(m.Subject, "ers.window.") {
		return nil, events.WindowKey{}, fmt.Errorf("there is no window %d: %s sequence %d is on %s: %w", window, m.Stream, m.Seq, m.Subject, bus.ErrNotFound)
	}
	return events.ReadRequest(m)
}

// Shown is a request as pictures need it: one for open runs gets as many ticks as are
// hashed of the longest run so far, at least one.
func Shown(ctx context.Context, b *bus.Bus, k events.WindowKey, r *events.WindowRequest) (*events.WindowRequest, error) {
	if r.Ticks > 0 {
		return r, nil
	}
	shown := *r
	shown.Ticks = 1
	for run := range r.Runs {
		m, err := b.Last(ctx, events.StreamDigest, events.DigestSubject(k.Run(run)))
		if errors.Is(err, bus.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if d, err := events.ReadDigest(m); err == nil {
			shown.Ticks = max(shown.Ticks, d.Done)
		}
	}
	return &shown, nil
}

// ErrOtherRequest says that what stands under a window's number is of another request.
var ErrOtherRequest = errors.New("it is of another request under this number")

// VerdictSoFar returns the verdict of a window with its message, nil when there is none
// yet. One of another request is [ErrOtherRequest].
func VerdictSoFar(ctx context.Context, b *bus.Bus, k events.WindowKey) (*events.Verdict, bus.Message, error) {
	m, err := b.Last(ctx, events.StreamVerdict, events.VerdictGuard(k.Pipeline, k.Window))
	if errors.Is(err, bus.ErrNotFound) {
		return nil, bus.Message{}, nil
	}
	if err != nil {
		return nil, bus.Message{}, err
	}
	v, err := VerdictIn(k, m)
	return v, m, err
}

// VerdictIn reads a verdict that must be the one of a window. One of another request is
// [ErrOtherRequest].
func VerdictIn(k events.WindowKey, m bus.Message) (*events.Verdict, error) {
	v, err := events.ReadVerdict(m)
	if err != nil {
		return nil, err
	}
	if v.Key() != k {
		return nil, fmt.Errorf("verdict on window %d, %s sequence %d: %w: it names %.12s…, the window's is %.12s…; run `ers repair`",
			k.Window, m.Stream, m.Seq, ErrOtherRequest, v.Request, k.Request)
	}
	return v, nil
}

// Verdict waits for the verdict of a window and returns its document as it is on the
// stream, with what it says.
func Verdict(ctx context.Context, b *bus.Bus, k events.WindowKey) (*events.Verdict, []byte, error) {
	errFound := errors.New("found")
	var v *events.Verdict
	var data []byte
	err := b.Follow(ctx, events.StreamVerdict, events.VerdictGuard(k.Pipeline, k.Window), 1, func(m bus.Message) (err error) {
		if v, err = VerdictIn(k, m); err != nil {
			return err
		}
		data = m.Data
		return errFound
	})
	if errors.Is(err, errFound) {
		return v, data, nil
	}
	return nil, nil, err
}
