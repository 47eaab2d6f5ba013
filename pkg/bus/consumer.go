package bus

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

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

// newConsumer makes a consumer of the messages from a sequence on.
func (b *Bus) newConsumer(ctx context.Context, stream, filter string, from uint64) (jetstream.Consumer, error) {
	config := jetstream.OrderedConsumerConfig{
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       from,
		InactiveThreshold: 30 * time.Second,
		MaxResetAttempts:  1, // what is to be tried again we say ourselves
	}
	if filter != "" {
		config.FilterSubjects = []string{filter}
	}
	// A request that is lost with its connection is waited for until its context ends,
	// and ours may end late.
	create, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	heeding, done := b.heed(create, b.createSubject(stream, filter))
	defer done()
	c, err := b.js.OrderedConsumer(heeding, stream, config)
	return c, heeded(heeding, err)
}

// session yields messages from *next on and keeps it up to date. It returns nil
// when yield wants no more, or nothing is left up to sequence to; see [Bus.messages].
func (b *Bus) session(ctx context.Context, stream, filter string, next *uint64, to uint64, yield func(Message, error) bool) error {
	c, err := b.newConsumer(ctx, stream, filter, *next)
	if err != nil {
		return err
	}
	limit := max(pullBytes, int(b.nc.MaxPayload())) // below one message nothing would come
	it, err := c.Messages(jetstream.PullMaxMessagesWithBytesLimit(pullMessages, limit), heartbeat)
	if err != nil {
		return err
	}
	defer b.release(ctx, stream, c, it)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ahead := newArrivals()
	go ahead.deliver(ctx, it, stream)
	idle := time.NewTicker(idleCheck)
	defer idle.Stop()
	consumer, quiet, missed := "", true, uint64(0)
	for {
		select {
		case d, ok := <-ahead.list:
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
			ahead.taken(&d)
			if !yield(d.Message, nil) {
				return nil
			}
		case <-idle.C:
			b.troubles.clear(reading(stream))
			if quiet { // or the stream was replaced by a shorter one, of which nothing comes
				if err := b.checkPosition(ctx, stream, *next); err != nil {
					return err
				}
				if missed, err = b.checkMissed(ctx, stream, filter, *next, missed); err != nil || isPast(missed, to) {
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
	name := c.CachedInfo().Name
	ctx, done := b.heed(ctx, b.apiPrefix+"CONSUMER.DELETE."+stream+"."+name)
	defer done()
	_ = b.js.DeleteConsumer(ctx, stream, name) // gone already is as good
}
