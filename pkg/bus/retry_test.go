package bus_test

import (
	"context"
	"errors"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
)

func TestPersist(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	ctx, cancel := context.WithCancel(t.Context())
	away := errors.New("away")
	calls := 0
	err := b.Persist(ctx, "test", func(context.Context) error {
		if calls++; calls == 2 {
			cancel()
		}
		return away
	})
	if err != nil || calls != 2 {
		t.Errorf("until ctx ends: %d calls, %v", calls, err)
	}
	if err := b.Persist(t.Context(), "test", func(context.Context) error { return nil }); err != nil {
		t.Errorf("until it works: %v", err)
	}
}

func TestPersistGivesUp(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	err := b.Persist(t.Context(), "test", func(context.Context) error { return jetstream.ErrStreamNotFound })
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("stream gone: got %v", err)
	}
	closed, err := embedded.Open(t.Context(), embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Error(err)
	}
	away := errors.New("away")
	if err := closed.Persist(t.Context(), "test", func(context.Context) error { return away }); !errors.Is(err, away) {
		t.Errorf("bus closed: got %v", err)
	}
}
