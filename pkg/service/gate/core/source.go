package core

import (
	"errors"
	"io"
	"iter"
	"maps"
	"slices"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
)

// source is the evidence behind the last digests of a window. It keeps what the ends of
// the runs say, and nothing else.
type source struct {
	streams events.Lookup
	window  *window
	ends    []ends // of each run; nil: they were not looked at yet
}

// ends are what the frames at both ends of a run say.
type ends struct {
	around canon.Value
	bad    error // they are not there, or not what they should be
}

// bad is for a message behind a digest that is not there or is not what it should be.
func bad(run int, stream string, seq uint64, reason string) error {
	return &compare.Contradiction{Run: run, Stream: stream, Seq: seq, Reason: reason}
}

// Complete implements [compare.Source]: the digests of the run were followed as they
// came, and the frames at both ends are looked at.
func (s *source) Complete(number int) error {
	if gap := s.window.runs[number].gap; gap != nil {
		return gap
	}
	return s.lookAt(number)
}

// Surroundings are what the run's first frame says.
func (s *source) Surroundings(number int) (canon.Value, error) {
	if err := s.lookAt(number); err != nil {
		return "", err
	}
	return s.ends[number].around, nil
}

// lookAt makes sure of the ends of a run. Those of some runs are asked for at once, since
// most of a look is the wait for its answer.
func (s *source) lookAt(number int) error {
	if s.ends == nil {
		all := make([]ends, len(s.window.runs))
		for from := 0; from < len(all); from += atOnce {
			if err := s.lookAtSome(all, from, min(from+atOnce, len(all))); err != nil {
				return err
			}
		}
		s.ends = all
	}
	return s.ends[number].bad
}

// atOnce is of how many runs the ends are in memory at once: two frames of each.
const atOnce = 12

func (s *source) lookAtSome(all []ends, from, to int) error {
	found := make(map[uint64]events.Message) // a run of one frame is asked for once
	for i := from; i < to; i++ {
		r := &s.window.runs[i]
		found[r.firstSeq], found[r.lastSeq] = events.Message{}, events.Message{}
	}
	delete(found, 0) // there is no such message
	at := slices.Sorted(maps.Keys(found))
	messages, err := s.streams.Get(events.StreamTrace, at...)
	if err != nil {
		return err
	}
	for i, m := range messages {
		found[at[i]] = m
	}
	for i := from; i < to; i++ {
		all[i] = s.readEnds(i, found)
	}
	return nil
}

// readEnds reads the first and the last frame of a run, which may be the same one, out of
// what was found at their sequences.
func (s *source) readEnds(number int, found map[uint64]events.Message) (e ends) {
	r, q := &s.window.runs[number], s.window.request
	var d events.FrameDecoder
	for i, seq := range []uint64{r.firstSeq, r.lastSeq} {
		if e.bad = s.read(number, seq, found[seq], &d); e.bad != nil {
			return e
		}
		first, last := d.Tick == q.FirstTick && d.First == 0, d.Tick == q.FirstTick+r.done-1
		if i == 0 && !first || i == 1 && !last {
			e.bad = bad(number, events.StreamTrace, seq, "the digests say that this message is an end of the run, and it is not")
			return e
		}
		if i == 0 {
			e.around = d.Surroundings
		}
	}
	return e
}

// Resumed is what the frames say with which somebody went on with the run.
func (s *source) Resumed(number int) (said []canon.Value, err error) {
	r := &s.window.runs[number]
	subject := events.TraceSubject(s.window.key.Run(number))
	var d events.FrameDecoder
	for _, tick := range r.resumed {
		for next := tick.first; next <= tick.last; next++ {
			m, err := s.streams.Next(events.StreamTrace, subject, next)
			if errors.Is(err, events.ErrNotFound) || err == nil && m.Seq > tick.last {
				return nil, bad(number, events.StreamTrace, next, "the digests cover this message, and it is not there")
			}
			if err != nil {
				return nil, err
			}
			if err := s.read(number, m.Seq, m, &d); err != nil {
				return nil, err
			}
			if d.Surroundings != "" && m.Seq != r.firstSeq {
				said = append(said, d.Surroundings)
			}
			next = m.Seq
		}
	}
	return said, nil
}

// read reads the position of a frame that was asked for at seq, and takes none of another
// run for one.
func (s *source) read(number int, seq uint64, m events.Message, d *events.FrameDecoder) error {
	if m.Seq == 0 {
		return bad(number, events.StreamTrace, seq, "the digests cover this message, and it is not there")
	}
	if err := d.ReadFrame(m); err != nil {
		return bad(number, m.Stream, m.Seq, err.Error())
	}
	if d.RunKey != s.window.key.Run(number) || d.Request != s.window.key.Request {
		return bad(number, m.Stream, m.Seq, "the digests cover this message, and it is of another run")
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
