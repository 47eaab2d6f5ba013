package bus

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const retryWait = time.Second

// Retry calls f until it returns nil or ctx ends: a service that lost its footing,
// as when the server was away for longer than a request waits, begins again from
// what the streams say. It gives up, and returns the error, only where trying again
// cannot help: the connection was closed for good, or a stream is gone.
func (b *Bus) Retry(ctx context.Context, f func(context.Context) error) error {
	for {
		err := f(ctx)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, jetstream.ErrStreamNotFound) {
			return err
		}
		b.log.Warn().Err(err).Msg("interrupted, beginning again from the streams")
		if wait(ctx, retryWait) != nil {
			return nil
		}
	}
}
