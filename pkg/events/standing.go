package events

import (
	"errors"
	"fmt"
)

// ErrShort is wrapped by the error for a stream that ends before a position that
// another one names: it was removed, restored or cut short.
var ErrShort = errors.New("a stream is shorter than others remember")

// ShortError is the ErrShort of one position.
type ShortError struct {
	Stream string // that is short
	Last   uint64 // its last sequence
	Named  uint64 // the sequence that is named
	By     string // stream whose message names it
	Seq    uint64 // sequence of that message
}

func (e *ShortError) Error() string {
	return fmt.Sprintf("%s ends at sequence %d, but %s sequence %d names %d: it was removed, restored or cut short; run `ers repair`, which says what is lost",
		e.Stream, e.Last, e.By, e.Seq, e.Named)
}

func (e *ShortError) Is(target error) bool { return target == ErrShort }

// Standing is how the streams stand at one moment: their last sequences, and the last
// messages, the zero Message where there is none. Messages are read before the ends,
// so that what is written in between is never taken for missing.
type Standing struct {
	Ends
	LastRequest, LastFrame, LastDigest, LastVerdict Message
	LastViz                                         Message // the last RunStability
	LastVoid                                        Message // the newest repair
}

// Repair is the newest repair of the streams; the zero Void when there was none.
func (s *Standing) Repair() (Void, error) {
	var v Void
	if s.LastVoid.Seq == 0 {
		return v, nil
	}
	if err := Decode(s.LastVoid.Data, &v); err != nil {
		return Void{}, fmt.Errorf("void request, %s sequence %d: %w", StreamWindow, s.LastVoid.Seq, err)
	}
	return v, nil
}

// Check compares the end of each stream with what the last messages of the others name.
// The error joins a [*ShortError] for each position that is not there. What was written
// before the newest repair is not asked: what it names may be lost, and that was said. A
// repair that cannot be read is none: then all is asked, and whoever lacks something has to
// repair again. The audit says what is wrong with it.
func (s *Standing) Check() error {
	repair, err := s.Repair()
	if err != nil {
		without := *s
		without.LastVoid = Message{}
		s = &without
	}
	return errors.Join(s.checkRequest(&repair), s.checkFrame(&repair), s.checkDigest(&repair), s.checkVerdict(&repair), s.checkViz(&repair))
}

// name checks one position that a message names.
func (s *Standing) name(by Message, stream string, last, named uint64) error {
	if named > last {
		return &ShortError{Stream: stream, Last: last, Named: named, By: by.Stream, Seq: by.Seq}
	}
	return nil
}

func (s *Standing) checkRequest(*Void) error {
	m := s.LastRequest
	if m.Seq == 0 || m.Seq < s.LastVoid.Seq {
		return nil
	}
	r, _, err := ReadRequest(m)
	if err != nil {
		return nil // whoever takes it off the queue says so
	}
	return errors.Join(s.name(m, StreamTrace, s.Trace, r.After.Trace),
		s.name(m, StreamDigest, s.Digest, r.After.Digest),
		s.name(m, StreamVerdict, s.Verdict, r.After.Verdict))
}

func (s *Standing) checkFrame(repair *Void) error {
	m := s.LastFrame
	if m.Seq <= repair.Ends.Trace {
		return nil
	}
	key, err := ParseTraceSubject(m.Subject)
	if err != nil {
		return nil // the hasher says so
	}
	return s.name(m, StreamWindow, s.Window, key.Window)
}

func (s *Standing) checkDigest(repair *Void) error {
	m := s.LastDigest
	if m.Seq <= repair.Ends.Digest {
		return nil
	}
	d, err := ReadDigest(m)
	if err != nil {
		return nil // the gate says so, and the hasher does not believe it
	}
	return errors.Join(s.name(m, StreamWindow, s.Window, d.Window), s.name(m, StreamTrace, s.Trace, max(d.LowWater, d.LastSeq)))
}

func (s *Standing) checkVerdict(repair *Void) error {
	m := s.LastVerdict
	if m.Seq <= repair.Ends.Verdict {
		return nil
	}
	v, err := ReadVerdict(m)
	if err != nil {
		return nil // the gate says so
	}
	return errors.Join(s.name(m, StreamWindow, s.Window, v.Window), s.name(m, StreamDigest, s.Digest, v.DigestSeq))
}

func (s *Standing) checkViz(repair *Void) error {
	m := s.LastViz
	if m.Seq <= repair.Ends.Viz {
		return nil
	}
	_, window, err := ParseStabilitySubject(m.Subject)
	if err != nil {
		return nil // the feed says so
	}
	return s.name(m, StreamWindow, s.Window, window)
}
