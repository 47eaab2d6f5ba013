package bus

import (
	"context"
	"errors"

	"abraxas.dev/ers/pkg/events"
)

// Standing reads how the streams stand now; see [events.Standing.Check]. To who only
// reads, a stream that is missing is one without messages.
func (b *Bus) Standing(ctx context.Context) (*events.Standing, error) {
	s := new(events.Standing)
	for _, last := range []struct {
		to             *Message
		stream, filter string
	}{
		// The stream that names a position comes before the one that it names, so that
		// what is written meanwhile is there when its end is asked for.
		{&s.LastViz, events.StreamViz, events.StabilitySubjects},
		{&s.LastVerdict, events.StreamVerdict, events.VerdictSubjects},
		{&s.LastDigest, events.StreamDigest, events.DigestSubjects},
		{&s.LastFrame, events.StreamTrace, events.TraceSubjects},
		{&s.LastRequest, events.StreamWindow, events.WindowSubjects},
		{&s.LastVoid, events.StreamWindow, events.VoidSubject},
	} {
		m, err := b.Last(ctx, last.stream, last.filter)
		if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrNoStream) {
			return nil, err
		}
		*last.to = m
	}
	for _, end := range []struct {
		to     *uint64
		stream string
	}{
		{&s.Window, events.StreamWindow},
		{&s.Trace, events.StreamTrace},
		{&s.Digest, events.StreamDigest},
		{&s.Verdict, events.StreamVerdict},
		{&s.Viz, events.StreamViz},
	} {
		seq, err := b.LastSeq(ctx, end.stream)
		if err != nil && !errors.Is(err, ErrNoStream) {
			return nil, err
		}
		*end.to = seq
	}
	return s, nil
}

// CheckStanding returns an error that wraps [events.ErrShort] when a stream ends before
// a position that another one names. Services ask before they begin, and whoever asks
// for a window before it does.
func (b *Bus) CheckStanding(ctx context.Context) error {
	return b.unlessStale(ctx, func(ctx context.Context) error {
		s, err := b.Standing(ctx)
		if err != nil {
			return err
		}
		return s.Check()
	})
}
