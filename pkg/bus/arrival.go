package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/semaphore"
)

// What is taken out of the client's buffer ahead of us, so that we see whether more is there:
// so many messages, and about so many bytes. With few of them a reader that was busy for a
// moment takes each handful for all that there is.
const (
	readAhead      = 512
	readAheadBytes = 4 << 20
)

type arrival struct {
	Message
	consumer string // that delivered it
	err      error
}

// arrivals are what has come and was not taken yet.
type arrivals struct {
	list  chan arrival // closed behind an error, or when the context ends
	bytes *semaphore.Weighted
}

func newArrivals() *arrivals {
	return &arrivals{make(chan arrival, readAhead), semaphore.NewWeighted(readAheadBytes)}
}

// weight of an arrival: one that is larger than all of the room waits until it has all of it.
func (a *arrival) weight() int64 { return int64(min(len(a.Data), readAheadBytes)) }

// deliver hands on what comes until an error, which is the last thing that it hands on,
// or until ctx ends.
func (q *arrivals) deliver(ctx context.Context, it jetstream.MessagesContext, stream string) {
	defer close(q.list)
	for {
		d := next(ctx, it, stream)
		if q.bytes.Acquire(ctx, d.weight()) != nil {
			return
		}
		select {
		case q.list <- d:
		case <-ctx.Done():
			return
		}
		if d.err != nil {
			return
		}
	}
}

// taken makes room for others, and notes in the message how many more are here, at least.
// What the server had not sent yet when it sent this one is only half of the truth.
func (q *arrivals) taken(d *arrival) {
	q.bytes.Release(d.weight())
	d.Pending = max(d.Pending, uint64(len(q.list)))
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

// isPast tells whether a reader that goes as far as sequence to (0: for ever) is at its end, when the
// next message has that sequence (0: there is none). The last one that it was to read may have been
// freed since it began; see [Bus.Free].
func isPast(next, to uint64) bool { return to > 0 && (next == 0 || next > to) }
