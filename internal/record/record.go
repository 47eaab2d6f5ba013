// Package record reads a part of a run's record, its digests and its frames, from a tick on
// without reading what is before it. It is for pictures and comparisons: what is bad is
// told, and what is good around it is read.
package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Digest is what pictures need of an [events.Digest]. It is read leniently: who
// judges reads strictly, and a picture has to be drawn of bad digests as well.
type Digest struct {
	FirstTick int64           `json:"first_tick"`
	Ticks     int64           `json:"ticks"`
	Done      int64           `json:"done"`
	Events    int64           `json:"events"`
	Final     bool            `json:"final"`
	Trace     string          `json:"trace_sha256"`
	Result    string          `json:"result_sha256"`
	Problem   *events.Problem `json:"problem"`

	Difference *events.Difference `json:"difference"`
}

// Same tells whether two ticks are equal to the byte.
func Same(a, b *events.TickDigest) bool { return a.Trace == b.Trace && a.Result == b.Result }

func decodeDigest(m bus.Message, into any) error {
	if err := json.Unmarshal(m.Data, into); err != nil {
		return fmt.Errorf("%s sequence %d: %w", m.Stream, m.Seq, err)
	}
	return nil
}

// LastDigest returns the last digest of a run. bus.ErrNotFound: it has none yet.
func LastDigest(ctx context.Context, b *bus.Bus, key events.RunKey) (Digest, error) {
	var d Digest
	m, err := b.Last(ctx, events.StreamDigest, events.DigestSubject(key))
	if err != nil {
		return d, err
	}
	return d, decodeDigest(m, &d)
}

// seek returns a sequence from which on the first message on the subject is the first
// that has reached what is looked for. Messages on the subject must reach it in order.
// When none has, nothing or the last message is there. It looks at few messages,
// however long the stream is. bus.ErrNotFound: there is no message at all.
func seek(ctx context.Context, b *bus.Bus, stream, subject string, reached func(bus.Message) (bool, error)) (uint64, error) {
	last, err := b.Last(ctx, stream, subject)
	if err != nil {
		return 0, err
	}
	low, high := uint64(1), last.Seq
	for low < high {
		middle := low + (high-low)/2
		m, err := b.Next(ctx, stream, subject, middle)
		if err != nil {
			return 0, err
		}
		ok, err := reached(m)
		if err != nil {
			return 0, err
		}
		if ok {
			high = middle
		} else {
			low = m.Seq + 1
		}
	}
	return low, nil
}

// TickDigests yields the digests of a run's ticks from one tick up to before another,
// as far as they are hashed.
func TickDigests(ctx context.Context, b *bus.Bus, key events.RunKey, from, to int64) iter.Seq2[events.TickDigest, error] {
	return func(yield func(events.TickDigest, error) bool) {
		subject := events.DigestSubject(key)
		seq, err := seek(ctx, b, events.StreamDigest, subject, func(m bus.Message) (bool, error) {
			var d Digest
			err := decodeDigest(m, &d)
			return d.FirstTick+d.Done > from, err
		})
		if errors.Is(err, bus.ErrNotFound) {
			return
		}
		if err != nil {
			yield(events.TickDigest{}, err)
			return
		}
		for m, err := range b.Read(ctx, events.StreamDigest, subject, seq, 0) {
			var d struct{ Covers []events.TickDigest }
			if err == nil {
				err = decodeDigest(m, &d)
			}
			if err != nil {
				yield(events.TickDigest{}, err)
				return
			}
			for _, t := range d.Covers {
				if t.Tick >= to {
					return
				}
				if t.Tick >= from && !yield(t, nil) {
					return
				}
			}
		}
	}
}

// badFrame says which message of a run cannot be read.
type badFrame struct {
	Seq uint64
	Err error
}

func (e *badFrame) Error() string {
	return fmt.Sprintf("%s sequence %d: %v", events.StreamTrace, e.Seq, e.Err)
}

func (e *badFrame) Unwrap() error { return e.Err }

// Frames yields the frames of a run from one tick up to before another, with their
// sequences, each in the one decoder that is reused. A frame that cannot be read ends
// it with a *badFrame.
func Frames(ctx context.Context, b *bus.Bus, key events.RunKey, from, to int64) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		var d events.FrameDecoder
		decode := func(m bus.Message) error {
			if err := d.Decode(m.Data); err != nil {
				return &badFrame{m.Seq, err}
			}
			return nil
		}
		subject := events.TraceSubject(key)
		seq, err := seek(ctx, b, events.StreamTrace, subject, func(m bus.Message) (bool, error) {
			return decode(m) != nil || d.Tick >= from, nil // what cannot be read is met below
		})
		if errors.Is(err, bus.ErrNotFound) {
			return
		}
		if err != nil {
			yield(Frame{}, err)
			return
		}
		for m, err := range b.Read(ctx, events.StreamTrace, subject, seq, 0) {
			if err == nil {
				err = decode(m)
			}
			if err != nil {
				yield(Frame{}, err)
				return
			}
			if d.Tick >= to {
				return
			}
			if d.Tick >= from && !yield(Frame{&d, m.Seq}, nil) {
				return
			}
		}
	}
}

// EachFrame calls do with each of these frames. broken says why the record cannot be
// read further; "" when it can.
func EachFrame(ctx context.Context, b *bus.Bus, key events.RunKey, from, to int64, do func(Frame)) (broken string, err error) {
	for f, err := range Frames(ctx, b, key, from, to) {
		if bad, ok := errors.AsType[*badFrame](err); ok {
			return bad.Error(), nil
		}
		if err != nil {
			return "", err
		}
		do(f)
	}
	return "", nil
}

// Frame is a decoded frame and where it is on ERS_TRACE.
type Frame struct {
	*events.FrameDecoder
	Seq uint64
}

// Tick reads a whole tick, for those who compare.
func Tick(ctx context.Context, b *bus.Bus, key events.RunKey, tick int64) (events.Tick, error) {
	t := events.Tick{Tick: tick}
	for f, err := range Frames(ctx, b, key, tick, tick+1) {
		if err != nil {
			return t, err
		}
		f.AppendTo(&t)
	}
	return t, nil
}
