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
	err := b.askAgain(ctx, patience, "no answer", mayPass, ask)
	if patience > 0 && ctx.Err() == nil && !b.nc.IsClosed() && err != nil && mayPass(err) {
		err = fmt.Errorf("%w; it was asked for %v: do it again when the server, or most of its cluster, is there", err, patience)
	}
	return err
}

// askAgain makes a request again, for so long, as long as its error may pass. That is said once,
// with why.
func (b *Bus) askAgain(ctx context.Context, atMost time.Duration, why string, mayPass func(error) bool, ask func(context.Context) error) error {
	for begun, said := time.Now(), false; ; said = true {
		err := ask(ctx)
		if err == nil || ctx.Err() != nil || b.nc.IsClosed() || !mayPass(err) || time.Since(begun) >= atMost {
			return err
		}
		if !said {
			b.log.Warn().Err(redactError(err)).Msgf("%s: the server is asked again for up to %v", why, atMost)
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
