package core

import (
	"errors"
	"io"
	"iter"
	"slices"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
)

// source is the evidence behind the last digests of a window. It keeps nothing.
type source struct {
	streams events.Lookup
	window  *window
}

// bad is for a message behind a digest that is not there or is not what it should be.
func bad(run int, stream string, seq uint64, reason string) error {
	return &compare.Contradiction{Run: run, Stream: stream, Seq: seq, Reason: reason}
}

// Complete implements [compare.Source]: the digests of the run were followed as they
// came, and the frames at both ends are looked at.
func (s *source) Complete(number int) error {
	r, q := &s.window.runs[number], s.window.request
	if r.gap != nil {
		return r.gap
	}
	ends := slices.Compact([]uint64{r.firstSeq, r.lastSeq})
	return s.frames(number, ends, func(i int, d *events.FrameDecoder) error {
		first, last := d.Tick == q.FirstTick && d.First == 0, d.Tick == q.FirstTick+r.done-1
		if i == 0 && !first || i == len(ends)-1 && !last {
			return bad(number, events.StreamTrace, ends[i], "the digests say that this message is an end of the run, and it is not")
		}
		return nil
	})
}

// Surroundings are what the run's first frame says.
func (s *source) Surroundings(number int) (canon.Value, error) {
	var around canon.Value
	first := s.window.runs[number].firstSeq
	err := s.frames(number, []uint64{first}, func(_ int, d *events.FrameDecoder) error {
		around = d.Surroundings
		return nil
	})
	return around, err
}

// Resumed is what the frames say with which somebody went on with the run.
func (s *source) Resumed(number int) (said []canon.Value, err error) {
	r := &s.window.runs[number]
	subject := events.TraceSubject(s.window.key.Run(number))
	for _, tick := range r.resumed {
		for next := tick.first; next <= tick.last; next++ {
			m, err := s.streams.Next(events.StreamTrace, subject, next)
			if errors.Is(err, events.ErrNotFound) || err == nil && m.Seq > tick.last {
				return nil, bad(number, events.StreamTrace, next, "the digests cover this message, and it is not there")
			}
			if err != nil {
				return nil, err
			}
			err = s.frames(number, []uint64{m.Seq}, func(_ int, d *events.FrameDecoder) error {
				if d.Surroundings != "" && m.Seq != r.firstSeq {
					said = append(said, d.Surroundings)
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
			next = m.Seq
		}
	}
	return said, nil
}

// frames reads frames of a run at these places, and takes none of another run for one.
func (s *source) frames(number int, at []uint64, read func(i int, d *events.FrameDecoder) error) error {
	messages, err := s.streams.Get(events.StreamTrace, at...)
	if err != nil {
		return err
	}
	var d events.FrameDecoder
	for i, m := range messages {
		if m.Seq == 0 {
			return bad(number, events.StreamTrace, at[i], "the digests cover this message, and it is not there")
		}
		if err := d.ReadFrame(m); err != nil {
			return bad(number, m.Stream, m.Seq, err.Error())
		}
		if d.RunKey != s.window.key.Run(number) || d.Request != s.window.key.Request {
			return bad(number, m.Stream, m.Seq, "the digests cover this message, and it is of another run")
		}
		if err := read(i, &d); err != nil {
			return err
		}
	}
	return nil
}

// TickDigests yields the tick digests of a run up to its last digest.
func (s *source) TickDigests(number int) iter.Seq2[events.TickDigest, error] {
	return func(yield func(events.TickDigest, error) bool) {
		subject := events.DigestSubject(s.window.key.Run(number))
		for from, end := uint64(1), s.window.runs[number].seq; from <= end; {
			m, err := s.streams.Next(events.StreamDigest, subject, from)
			if errors.Is(err, events.ErrNotFound) {
				err = bad(number, events.StreamDigest, from, "the digest is not there any more")
			}
			if err != nil {
				yield(events.TickDigest{}, err)
				return
			}
			d, err := events.ReadDigest(m)
			if err != nil || d.Request != s.window.key.Request {
				yield(events.TickDigest{}, bad(number, m.Stream, m.Seq, "this message is on the subject of the run's digests, and is not one of them"))
				return
			}
			for _, t := range d.Covers {
				if !yield(t, nil) {
					return
				}
			}
			from = m.Seq + 1
		}
	}
}

// Tick reads the frames of one tick. The judge makes sure that they are what was
// hashed.
func (s *source) Tick(number int, d events.TickDigest) (events.Tick, error) {
	for t, err := range s.ticks(number, d.FirstSeq, d.LastSeq) {
		return t, err
	}
	return events.Tick{}, bad(number, events.StreamTrace, d.FirstSeq, "the digests cover a tick up to here, and it does not end")
}

// Ticks implements [compare.Source].
func (s *source) Ticks(number int) iter.Seq2[events.Tick, error] {
	return s.ticks(number, s.window.runs[number].firstSeq, s.window.runs[number].lastSeq)
}

// ticks reads the ticks whose frames are at these sequences, and at those between them.
func (s *source) ticks(number int, first, last uint64) iter.Seq2[events.Tick, error] {
	return func(yield func(events.Tick, error) bool) {
		var t events.Tick
		var d events.FrameDecoder
		for next := first; next <= last; {
			m, err := s.nextFrame(number, next, &d)
			if err != nil {
				yield(t, err)
				return
			}
			d.AppendTo(&t)
			if d.Last() || m.Seq >= last {
				if !yield(t, nil) {
					return
				}
				t = events.Tick{}
			}
			next = m.Seq + 1
		}
	}
}

// nextFrame reads the next frame of a run, one of the window's request.
func (s *source) nextFrame(number int, from uint64, d *events.FrameDecoder) (m events.Message, err error) {
	m, err = s.streams.Next(events.StreamTrace, events.TraceSubject(s.window.key.Run(number)), from)
	switch {
	case errors.Is(err, events.ErrNotFound):
		return m, bad(number, events.StreamTrace, from, "the digests cover this message, and it is not there")
	case err != nil:
		return m, err
	}
	if err = d.ReadFrame(m); err == nil {
		err = d.DecodeBody()
	}
	if err != nil {
		return m, bad(number, m.Stream, m.Seq, err.Error())
	}
	if d.Request != s.window.key.Request {
		return m, bad(number, m.Stream, m.Seq, "it is a frame of another request")
	}
	return m, nil
}

// Object reads an object that a value names.
func (s *source) Object(sha string) (io.ReadCloser, error) { return s.streams.OpenObject(sha) }
