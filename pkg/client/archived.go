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

// ArchivedError says that a window's runs are in an archive, and not here any more.
type ArchivedError struct{ *events.Pruned }

func (e *ArchivedError) Error() string {
	return fmt.Sprintf("window %d, which came to %s, is archived in %s: its runs are no longer here; read them there, with --store and that folder", e.Window, e.Outcome, e.Archive)
}

// Here makes sure that a window's runs are not in an archive alone; see [ArchivedError].
func Here(ctx context.Context, b *bus.Bus, key events.WindowKey) error {
	p, err := Archived(ctx, b, key)
	if err == nil && p != nil {
		return &ArchivedError{p}
	}
	return err
}
