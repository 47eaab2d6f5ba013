package client

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Archived returns the tombstone of a window; nil: it has none. One that is of another request,
// or cannot be read, is an error.
func Archived(ctx context.Context, b *bus.Bus, key events.WindowKey) (*events.Pruned, error) {
	m, err := b.Last(ctx, events.StreamWindow, events.PrunedSubject(key.Pipeline, key.Window))
	if errors.Is(err, bus.ErrNotFound) || errors.Is(err, bus.ErrNoStream) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p, err := events.ReadPruned(m)
	if err == nil && p.Key() != key {
		err = fmt.Errorf("%s sequence %d: a tombstone of request %.12s…, and window %d was asked for by %.12s…", m.Stream, m.Seq, p.Request, key.Window, key.Request)
	}
	return p, err
}
