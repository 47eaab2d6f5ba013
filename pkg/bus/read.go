package bus

import (
	"context"
	"errors"
	"iter"
	"math"
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
	for m, err := range b.messages(ctx, stream, filter, from, 0) {
		if err != nil {
			return err
		}
		if err := handle(m); err != nil {
			return err
		}
	}
	return nil
}

// Await waits for the first message of a stream that matches filter, and returns it. Errors are
// those of [Bus.Follow].
func (b *Bus) Await(ctx context.Context, stream, filter string) (Message, error) {
	for m, err := range b.messages(ctx, stream, filter, 1, 0) {
		return m, err
	}
	return Message{}, ctx.Err()
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
		for m, err := range b.messages(ctx, stream, filter, next, end) {
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
		m, err := b.newest(ctx, stream)
		if err == nil {
			return min(to, m.Seq), nil
		}
		if !errors.Is(err, ErrNotFound) {
			return 0, err
		}
		s, err := b.stream(stream)
		if err != nil {
			return 0, err
		}
		filters = s.CachedInfo().Config.Subjects // the newest message is not there any more
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

// messages yields what matches in order, for ever, or until nothing is left up to sequence to (0: for
// ever). The first error ends it.
func (b *Bus) messages(ctx context.Context, stream, filter string, from, to uint64) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		if _, err := b.stream(stream); err != nil {
			yield(Message{}, err)
			return
		}
		session := b.session
		if b.readsDirect(stream) {
			session = b.batches
		}
		retry := retrier{b: b, what: reading(stream)}
		defer b.troubles.clear(reading(stream))
		next := max(from, 1)
		for {
			begun := next
			err := b.checkPosition(ctx, stream, next)
			if err == nil {
				err = session(ctx, stream, filter, &next, to, yield)
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
