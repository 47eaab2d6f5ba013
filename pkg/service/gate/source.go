package gate

import (
	"context"
	"errors"
	"iter"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
)

// source reads from the streams what a judgement wants to see of a window. It keeps
// nothing.
type source struct {
	ctx    context.Context
	bus    *bus.Bus
	window *window
}

// bad is for a message behind a digest that is not there or is not what it should
// be: it makes the window inconclusive.
func bad(run int, stream string, seq uint64, err error) error {
	return &compare.Contradiction{Run: run, Stream: stream, Seq: seq, Reason: err.Error()}
}

func (s *source) key(run int) events.RunKey {
	return events.RunKey{Pipeline: s.window.request.Pipeline, Window: s.window.id, Run: run}
}

// TickDigests yields the tick digests of a run up to its last digest.
func (s *source) TickDigests(run int) iter.Seq2[events.TickDigest, error] {
	return func(yield func(events.TickDigest, error) bool) {
		for m, err := range s.bus.Read(s.ctx, events.StreamDigest, events.DigestSubject(s.key(run)), 1, s.window.seqs[run]) {
			if err != nil {
				yield(events.TickDigest{}, err)
				return
			}
			var d events.Digest
			if err := events.Decode(m.Data, &d); err != nil {
				yield(events.TickDigest{}, bad(run, m.Stream, m.Seq, err))
				return
			}
			for _, t := range d.Covers {
				if !yield(t, nil) {
					return
				}
			}
		}
	}
}

// Tick reads the frames of one tick. The judge makes sure that they are what was
// hashed.
func (s *source) Tick(run int, d events.TickDigest) (events.Tick, error) {
	var t events.Tick
	var decoder events.FrameDecoder
	subject := events.TraceSubject(s.key(run))
	for next := d.FirstSeq; next <= d.LastSeq; next++ {
		m, err := s.bus.Next(s.ctx, events.StreamTrace, subject, next)
		switch {
		case errors.Is(err, bus.ErrNotFound):
			return t, bad(run, events.StreamTrace, next, err)
		case err != nil:
			return t, err
		}
		if err := decoder.Decode(m.Data); err != nil {
			return t, bad(run, m.Stream, m.Seq, err)
		}
		decoder.AppendTo(&t)
		next = m.Seq
	}
	return t, nil
}
