package bus

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"abraxas.dev/ers/pkg/events"
)

// readsDirect tells whether a stream is read in batches of direct gets, and not by a
// consumer. ERS_WINDOW has consumers that hand windows out, and who may have one of its
// own there may take from those too. By their role others have no consumers at all.
func (b *Bus) readsDirect(stream string) bool {
	if b.apiPrefix != jetstream.DefaultAPIPrefix {
		return false // another prefix may not be let through for this request
	}
	role, known := b.role()
	return stream == events.StreamWindow || known && !role.Consumes(stream)
}

// Pauses between looks at a stream on which nothing is left to read: short ones after
// something was heard, since what is heard may not be stored yet, and growing.
const (
	shortLook = time.Millisecond
	longLook  = time.Second
)

// batches yields messages from *next on and keeps it up to date, as session does.
func (b *Bus) batches(ctx context.Context, stream, filter string, next *uint64, to uint64, yield func(Message, error) bool) error {
	var heard chan struct{}
	pause := shortLook
	for {
		n, more, err := b.batchFrom(ctx, stream, filter, next, yield)
		if err != nil || !more {
			return err
		}
		b.troubles.clear(reading(stream))
		if n > 0 {
			pause = shortLook
			continue
		}
		if to > 0 {
			left, err := b.checkMissed(ctx, stream, filter, *next, 0)
			if err != nil || isPast(left, to) {
				return err
			}
		}
		if heard == nil { // and look once more, for what came before
			var stop func()
			heard, stop = b.hear(stream, filter)
			defer stop()
			continue
		}
		timer := time.NewTimer(pause)
		select {
		case <-heard:
			pause = shortLook
		case <-timer.C:
			if pause = min(2*pause, longLook); pause == longLook {
				err = b.checkPosition(ctx, stream, *next)
			}
		case <-b.closed:
			err = nats.ErrConnectionClosed
		case <-ctx.Done():
			err = ctx.Err()
		}
		timer.Stop()
		if err != nil {
			return err
		}
	}
}

// hear tells of messages on their way to a stream, where we may hear them.
func (b *Bus) hear(stream, filter string) (heard chan struct{}, stop func()) {
	heard = make(chan struct{}, 1)
	subjects := []string{filter}
	if filter == "" {
		subjects = b.streams[stream].CachedInfo().Config.Subjects
	}
	var subscribed []*nats.Subscription
	for _, subject := range subjects {
		if role, known := b.role(); known && !role.MaySubscribe(subject) {
			continue
		}
		s, err := b.nc.Subscribe(subject, func(*nats.Msg) {
			select {
			case heard <- struct{}{}:
			default:
			}
		})
		if err == nil { // else we look now and then
			subscribed = append(subscribed, s)
		}
	}
	return heard, func() {
		for _, s := range subscribed {
			_ = s.Unsubscribe()
		}
	}
}

// batchFrom yields what one request gets, in order. Any replica may answer. One that is
// behind leaves out the newest messages, which the next requests get.
func (b *Bus) batchFrom(ctx context.Context, stream, filter string, next *uint64, yield func(Message, error) bool) (n int, more bool, err error) {
	if filter == "" {
		filter = ">"
	}
	asking, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	asking, done := b.heed(asking, b.apiPrefix+"DIRECT.GET."+stream)
	defer done()
	go func(back <-chan struct{}) { // what was asked before the connection broke gets no answer
		select {
		case <-back:
			cancel()
		case <-asking.Done():
		}
	}(b.troubles.connected())
	batch, err := jetstreamext.GetBatch(asking, b.js, stream, pullMessages, jetstreamext.GetBatchSeq(*next), jetstreamext.GetBatchSubject(filter), jetstreamext.GetBatchMaxBytes(pullBytes))
	if err != nil {
		return 0, true, err
	}
	for m, err := range batch {
		switch {
		case asking.Err() != nil:
			return n, true, ended(ctx, asking, n)
		case errors.Is(err, jetstreamext.ErrNoMessages):
			return n, true, nil
		case err != nil:
			return n, true, b.explainBatch(ctx, stream, err)
		case m.Sequence < *next:
			continue // not asked for
		}
		if n == 0 { // or it is one of another stream, made anew
			if err := b.checkPosition(ctx, stream, *next); err != nil {
				return n, true, err
			}
		}
		pending, _ := strconv.ParseUint(m.Header.Get("Nats-Num-Pending"), 10, 64)
		*next = m.Sequence + 1
		n++
		if !yield(Message{Stream: stream, Subject: m.Subject, Seq: m.Sequence, Data: m.Data, Header: ownHeader(m.Header), At: m.Time.UnixNano(), Pending: pending}, nil) {
			return n, false, nil
		}
	}
	return n, true, ended(ctx, asking, n)
}

// ended says why a request has ended that got n messages of a batch, where that is more
// than that it has to be made again.
func ended(ctx, asking context.Context, n int) error {
	refused := heeded(asking, asking.Err())
	switch {
	case asking.Err() == nil:
		return nil
	case refused != asking.Err():
		return refused
	case ctx.Err() != nil:
		return ctx.Err()
	case n == 0 && errors.Is(asking.Err(), context.DeadlineExceeded):
		return asking.Err()
	}
	return nil
}

// explainBatch asks for the stream when a request for its messages failed: that says more.
func (b *Bus) explainBatch(ctx context.Context, stream string, err error) error {
	if _, lost := b.state(ctx, stream); lost != nil {
		return lost
	}
	return err
}

// directHeaders are the headers that a server adds to a message that it gives by a direct get.
var directHeaders = []string{nats.JSStream, nats.JSSubject, nats.JSSequence, nats.JSTimeStamp, nats.JSLastSequence, "Nats-Num-Pending", "Nats-UpTo-Sequence"}

// ownHeader is what is left of the headers of such a message: those that it has in its stream.
func ownHeader(h nats.Header) nats.Header {
	for _, name := range directHeaders {
		delete(h, name)
	}
	if len(h) == 0 {
		return nil
	}
	return h
}
