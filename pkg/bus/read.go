package bus

import (
	"context"
	"errors"
	"iter"
	"math"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Follow calls handle with every message of a stream that matches filter ("" is
// all), in order, from sequence from on, each once, as they come: over lost
// connections and server restarts too. It returns the error of handle as it is, or
// ctx's when ctx ends, or says why it cannot go on, as when the stream is gone. A stream
// that does not go as far as from-1, now or later, is [ErrShort].
//
// A message's Pending is 0 when nothing more is there yet, as far as can be told: the
// time to flush what handle has gathered.
func (b *Bus) Follow(ctx context.Context, stream, filter string, from uint64, handle func(Message) error) error {
	for m, err := range b.messages(ctx, stream, filter, from) {
		if err != nil {
			return err
		}
		if err := handle(m); err != nil {
			return err
		}
	}
	return nil
}

// Read yields the messages of a stream that match filter ("" is all), in order,
// from sequence from to sequence to (0: as far as the stream goes now), and ends.
// Deleted messages show as gaps in Seq. The first error is the last thing yielded;
// [ErrShort] when the stream does not go as far as from-1.
func (b *Bus) Read(ctx context.Context, stream, filter string, from, to uint64) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		next := max(from, 1)
		if !b.readFew(ctx, stream, filter, &next, to, yield) {
			return
		}
		end, err := b.end(ctx, stream, filter, to)
		if err != nil {
			yield(Message{}, err)
			return
		}
		if end+1 < from { // the filter, or the stream, ends before
			if err := b.checkPosition(ctx, stream, from); err != nil {
				yield(Message{}, err)
				return
			}
		}
		if end < next {
			return
		}
		for m, err := range b.messages(ctx, stream, filter, next) {
			if err == nil && m.Seq > end || !yield(m, err) || m.Seq == end {
				return
			}
		}
	}
}

// What Read looks up message by message before it makes a consumer, which costs as much
// as some look-ups: most runs and objects are small.
const (
	fewMessages = 8
	fewBytes    = 64 << 10
)

// readFew yields the first messages from *next on and keeps it up to date. It tells
// whether there is more to be read. What goes wrong here is left to those who try
// again. One request of jetstreamext.GetBatch takes two thirds of the time
// (BenchmarkReadFew), but any replica may answer it: one that is behind leaves out the
// newest messages, and a run would look shorter than it is.
func (b *Bus) readFew(ctx context.Context, stream, filter string, next *uint64, to uint64, yield func(Message, error) bool) (more bool) {
	if filter == "" {
		filter = ">"
	}
	size := 0
	for i := 0; i < fewMessages && size < fewBytes; i++ {
		if to != 0 && *next > to {
			return false
		}
		m, err := b.Next(ctx, stream, filter, *next)
		if errors.Is(err, ErrNotFound) {
			if i > 0 {
				return false
			}
			if err := b.checkPosition(ctx, stream, *next); err != nil {
				yield(Message{}, err)
			}
			return false
		}
		if err != nil {
			return true
		}
		if to != 0 && m.Seq > to || !yield(m, nil) {
			return false
		}
		*next = m.Seq + 1
		size += len(m.Data)
	}
	return true
}

// end returns the sequence after which there is nothing to read: the last on filter
// now, or to if that is less.
func (b *Bus) end(ctx context.Context, stream, filter string, to uint64) (uint64, error) {
	if to == 0 {
		to = math.MaxUint64
	}
	filters := []string{filter}
	if filter == "" {
		s, err := b.stream(stream)
		if err != nil {
			return 0, err
		}
		// Not ">": the server takes that for the last sequence, and finds nothing
		// when that message is deleted.
		filters = s.CachedInfo().Config.Subjects
	}
	end := uint64(0)
	for _, filter := range filters {
		last, err := b.Last(ctx, stream, filter)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return 0, err
		}
		end = max(end, last.Seq)
	}
	return min(to, end), nil
}

// What the server may send ahead of us, in messages and bytes. Many messages, since
// asking for more costs a pause; few bytes, since the client drops messages beyond
// 64 MB. Twice this can be on its way.
const (
	pullMessages = 5000
	pullBytes    = 4 << 20
)

// heartbeat makes the server say every second that it knows of our request. After
// two seconds of silence we ask again: on a cluster the first request after a consumer
// was made gets lost now and then.
const heartbeat = jetstream.PullHeartbeat(time.Second)

// messages yields what matches in order, for ever. The first error ends it.
func (b *Bus) messages(ctx context.Context, stream, filter string, from uint64) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		if _, err := b.stream(stream); err != nil {
			yield(Message{}, err)
			return
		}
		retry := retrier{b: b, what: reading(stream)}
		defer b.troubles.clear(reading(stream))
		next := max(from, 1)
		for {
			begun := next
			err := b.checkPosition(ctx, stream, next)
			if err == nil {
				err = b.session(ctx, stream, filter, &next, yield)
			}
			if err == nil {
				return
			}
			if next > begun {
				retry.progress()
			}
			if err := retry.pause(ctx, err); err != nil {
				yield(Message{}, err)
				return
			}
		}
	}
}

// session yields messages from *next on and keeps it up to date. It returns nil
// when yield wants no more.
func (b *Bus) session(ctx context.Context, stream, filter string, next *uint64, yield func(Message, error) bool) error {
	config := jetstream.OrderedConsumerConfig{
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       *next,
		InactiveThreshold: 30 * time.Second,
		MaxResetAttempts:  1, // what is to be tried again we say ourselves
	}
	if filter != "" {
		config.FilterSubjects = []string{filter}
	}
	// A request that is lost with its connection is waited for until its context ends,
	// and ours may end late.
	create, cancel := context.WithTimeout(ctx, apiTimeout)
	heeding, done := b.heed(create, b.createSubject(stream, filter))
	c, err := b.js.OrderedConsumer(heeding, stream, config)
	err = heeded(heeding, err)
	done()
	cancel()
	if err != nil {
		return err
	}
	limit := max(pullBytes, int(b.nc.MaxPayload())) // below one message nothing would come
	it, err := c.Messages(jetstream.PullMaxMessagesWithBytesLimit(pullMessages, limit), heartbeat)
	if err != nil {
		return err
	}
	defer b.release(ctx, stream, c, it)
	ctx, cancel = context.WithCancel(ctx)
	defer cancel()
	ahead := make(chan arrival, readAhead)
	go deliver(ctx, it, stream, ahead)
	idle := time.NewTicker(idleCheck)
	defer idle.Stop()
	consumer, quiet, missed := "", true, uint64(0)
	for {
		select {
		case d, ok := <-ahead:
			if !ok {
				return ctx.Err()
			}
			if d.err != nil {
				return d.err
			}
			if d.consumer != consumer && consumer != "" { // the client has made it anew
				if err := b.checkPosition(ctx, stream, *next); err != nil {
					return err
				}
			}
			consumer, quiet = d.consumer, false
			b.troubles.clear(reading(stream))
			*next = d.Seq + 1
			// What the server had not sent yet when it sent this one is only half of the
			// truth: more may have come and wait here.
			d.Pending = max(d.Pending, uint64(len(ahead)))
			if !yield(d.Message, nil) {
				return nil
			}
		case <-idle.C:
			b.troubles.clear(reading(stream))
			if quiet { // or the stream was replaced by a shorter one, of which nothing comes
				if err := b.checkPosition(ctx, stream, *next); err != nil {
					return err
				}
				if missed, err = b.checkMissed(ctx, stream, filter, *next, missed); err != nil {
					return err
				}
			}
			quiet = true
		}
	}
}

// idleCheck is how long nothing may come before we look whether the stream is still the
// one that we read.
const idleCheck = 2 * time.Second

// createSubject is where the client asks for a consumer, but for its name, which comes
// before the filter.
func (b *Bus) createSubject(stream, filter string) string {
	return b.apiPrefix + "CONSUMER.CREATE." + stream + ".*." + filter
}

// release ends the consumer on the server as well. Without that the server does it
// after InactiveThreshold.
func (b *Bus) release(ctx context.Context, stream string, c jetstream.Consumer, it jetstream.MessagesContext) {
	it.Stop()
	if !b.nc.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = b.js.DeleteConsumer(ctx, stream, c.CachedInfo().Name) // gone already is as good
}
