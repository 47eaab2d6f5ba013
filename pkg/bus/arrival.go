package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// readAhead is how many messages are taken out of the client's buffer ahead of us, so
// that we see whether there are any. Few, since each may have the size of max_payload.
const readAhead = 16

type arrival struct {
	Message
	consumer string // that delivered it
	err      error
}

// deliver hands on what comes until an error, which is the last thing that it hands on,
// or until ctx ends.
func deliver(ctx context.Context, it jetstream.MessagesContext, stream string, ahead chan<- arrival) {
	defer close(ahead)
	for {
		d := next(ctx, it, stream)
		select {
		case ahead <- d:
		case <-ctx.Done():
			return
		}
		if d.err != nil {
			return
		}
	}
}

func next(ctx context.Context, it jetstream.MessagesContext, stream string) (a arrival) {
	m, err := it.Next(jetstream.NextContext(ctx))
	if err != nil {
		return arrival{err: err}
	}
	meta, err := m.Metadata()
	if err != nil {
		return arrival{err: err}
	}
	return arrival{consumer: meta.Consumer, Message: Message{Stream: stream, Subject: m.Subject(), Seq: meta.Sequence.Stream, Data: m.Data(), Header: m.Headers(), At: meta.Timestamp.UnixNano(), Pending: meta.NumPending}}
}

// errMissed says that a message did not reach us: it was lost between two servers, or one
// of them dropped it. The client notices only when another one comes.
var errMissed = errors.New("a message was sent and did not come")

// checkMissed returns the sequence of a message that should have come by now, 0 when there
// is none. It is errMissed when it is the same as the last time.
func (b *Bus) checkMissed(ctx context.Context, stream, filter string, next, before uint64) (missed uint64, err error) {
	if filter == "" {
		filter = ">"
	}
	m, err := b.Next(ctx, stream, filter, next)
	switch {
	case errors.Is(err, ErrNotFound):
		return 0, nil
	case err == nil && m.Seq == before:
		return 0, fmt.Errorf("%w: sequence %d", errMissed, m.Seq)
	}
	return m.Seq, err
}
