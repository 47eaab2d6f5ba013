package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Requests of who asks once, as a command does, get no answer while a cluster chooses a leader. A
// service begins again; see [Bus.Persist]. A command makes the request again: see Config.Patience.

// patiently makes a request, which may be made twice, until it gets an answer or patience ends.
func (b *Bus) patiently(ctx context.Context, ask func(context.Context) error) error {
	return b.patientlyFor(ctx, b.patience, ask)
}

func (b *Bus) patientlyFor(ctx context.Context, patience time.Duration, ask func(context.Context) error) error {
	begun, said := time.Now(), false
	for {
		err := ask(ctx)
		if err == nil || patience == 0 || ctx.Err() != nil || b.nc.IsClosed() || !mayPass(err) {
			return err
		}
		if time.Since(begun) >= patience {
			return fmt.Errorf("%w; it was asked for %v: do it again when the server, or most of its cluster, is there", err, patience)
		}
		if !said {
			b.log.Warn().Err(redactError(err)).Msgf("no answer: the server is asked again for up to %v", patience)
			said = true
		}
		if b.rest(ctx, firstDelay) != nil {
			return err
		}
	}
}

// mayPass tells whether an error of a request may be gone the next time.
func mayPass(err error) bool {
	if _, refused := errors.AsType[*RefusedError](err); refused {
		return false
	}
	return isUnready(err) || isTimeout(err) || errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrJetStreamNotEnabled) ||
		errors.Is(err, nats.ErrConnectionReconnecting) || errors.Is(err, nats.ErrDisconnected)
}
