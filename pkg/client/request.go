// Package client is what a program does with ERS that is no service: it asks for
// windows ([Submit]), waits for their verdicts ([Verdict]), and reads runs back from
// ERS_TRACE, as frames ([Frames]) or tick by tick ([Ticks]). Reading makes sure that
// nothing is missing or out of place.
package client

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Submit asks for a window of a pipeline file and returns its name. change, if not
// nil, changes the request before it is checked and sent.
//
// Commit point: the window's message. The objects that it names are there before it;
// a crash before it leaves objects that nobody asks for, and no window.
func Submit(ctx context.Context, b *bus.Bus, f *pipeline.File, change func(*events.WindowRequest)) (window uint64, err error) {
	r := f.Request()
	if change != nil {
		change(&r)
	}
	data, err := encode(&r)
	if err != nil {
		return 0, err
	}
	if _, err := b.PutObject(ctx, f.Definition.Encode()); err != nil {
		return 0, err
	}
	if _, err := b.PutObject(ctx, f.Contexts.Encode()); err != nil {
		return 0, err
	}
	return send(ctx, b, r.Pipeline, data)
}

// Window asks for a window whose objects are in the store already.
func Window(ctx context.Context, b *bus.Bus, r *events.WindowRequest) (window uint64, err error) {
	data, err := encode(r)
	if err != nil {
		return 0, err
	}
	return send(ctx, b, r.Pipeline, data)
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

func send(ctx context.Context, b *bus.Bus, pipeline string, data []byte) (window uint64, err error) {
	subject := events.WindowSubject(pipeline)
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

// Get returns the request of a window.
func Get(ctx context.Context, b *bus.Bus, window uint64) (*events.WindowRequest, error) {
	m, err := b.Get(ctx, events.StreamWindow, window)
	if errors.Is(err, bus.ErrNotFound) {
		return nil, fmt.Errorf("there is no window %d: %w", window, err)
	}
	if err != nil {
		return nil, err
	}
	r := new(events.WindowRequest)
	if err := events.Decode(m.Data, r); err != nil {
		return nil, fmt.Errorf("window %d, %s sequence %d: %w", window, m.Stream, m.Seq, err)
	}
	return r, nil
}

// Verdict waits for the verdict of a window and returns its document as it is on the
// stream, with what it says.
func Verdict(ctx context.Context, b *bus.Bus, pipeline string, window uint64) (*events.Verdict, []byte, error) {
	errFound := errors.New("found")
	var v events.Verdict
	var data []byte
	err := b.Follow(ctx, events.StreamVerdict, events.VerdictGuard(pipeline, window), 1, func(m bus.Message) error {
		if err := events.Decode(m.Data, &v); err != nil {
			return fmt.Errorf("verdict of window %d, %s sequence %d: %w", window, m.Stream, m.Seq, err)
		}
		data = m.Data
		return errFound
	})
	if errors.Is(err, errFound) {
		return &v, data, nil
	}
	return nil, nil, err
}
