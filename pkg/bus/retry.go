package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Persist calls f until it returns nil or ctx ends: a service that lost its footing,
// as when the server was away for longer than a request waits, begins again from
// what the streams say. It gives up, and returns the error, only where trying again
// cannot help: the bus is closed, or a stream is gone. what names the service in the
// log.
func (b *Bus) Persist(ctx context.Context, what string, f func(context.Context) error) error {
	r := retrier{b: b, what: what}
	for {
		err := f(ctx)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if err := r.pause(ctx, err); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// A retrier decides what becomes of something that shall go on for ever and failed.
type retrier struct {
	b       *Bus
	what    string
	missing int // failures in a row that said that the stream is gone
}

// maxMissing is more than 1 because a server that is shutting down says so too.
const maxMissing = 3

// pause returns nil after a second when it is worth to try again. Otherwise it
// returns why it is not: ctx has ended, the bus is closed, or the stream is gone.
func (r *retrier) pause(ctx context.Context, err error) error {
	r.missing++
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		r.missing = 0
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if r.missing == maxMissing || r.b.nc.IsClosed() {
		return fmt.Errorf("%s: %w", r.what, err)
	}
	r.b.log.Warn().Err(err).Msg(r.what + ": interrupted, trying again")
	return wait(ctx, time.Second)
}

// wait returns nil after d, or why ctx ended.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
