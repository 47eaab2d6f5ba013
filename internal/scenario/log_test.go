package scenario

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/events"
)

// memory is the streams of a scenario, in memory: an [events.Lookup] that also appends,
// with the guards of the real ones, and that loses what it is told to.
type memory map[string][]events.Message

func matches(filter, subject string) bool {
	f, s := strings.Split(filter, "."), strings.Split(subject, ".")
	if len(f) != len(s) {
		return false
	}
	for i := range f {
		if f[i] != "*" && f[i] != s[i] {
			return false
		}
	}
	return true
}

// append adds a message if the last on guard has sequence last.
func (l memory) append(stream, subject, guard string, last uint64, data []byte) (uint64, error) {
	if m, err := l.Last(stream, guard); err == nil && m.Seq != last || err != nil && last != 0 {
		return 0, fmt.Errorf("%s has sequence %d, not %d", guard, m.Seq, last)
	}
	end, _ := l.LastSeq(stream)
	l[stream] = append(l[stream], events.Message{Stream: stream, Subject: subject, Seq: end + 1, Data: slices.Clone(data)})
	return end + 1, nil
}

// put adds a message behind the last on its subject.
func (l memory) put(stream, subject string, data []byte) uint64 {
	last, _ := l.Last(stream, subject)
	seq, err := l.append(stream, subject, subject, last.Seq, data)
	if err != nil {
		panic(err)
	}
	return seq
}

// truncate loses all messages behind a sequence, as a restore of an older copy does.
func (l memory) truncate(stream string, seq uint64) { l[stream] = l[stream][:seq] }

func (l memory) Last(stream, filter string) (events.Message, error) {
	for _, m := range slices.Backward(l[stream]) {
		if matches(filter, m.Subject) {
			return m, nil
		}
	}
	return events.Message{}, events.ErrNotFound
}

func (l memory) Next(stream, filter string, from uint64) (events.Message, error) {
	for _, m := range l[stream][min(uint64(len(l[stream])), max(from, 1)-1):] {
		if matches(filter, m.Subject) {
			return m, nil
		}
	}
	return events.Message{}, events.ErrNotFound
}

func (l memory) Get(stream string, seqs ...uint64) ([]events.Message, error) {
	found := make([]events.Message, len(seqs))
	for i, seq := range seqs {
		if seq > 0 && seq <= uint64(len(l[stream])) {
			found[i] = l[stream][seq-1]
		}
	}
	return found, nil
}

func (l memory) LastSeq(stream string) (uint64, error) { return uint64(len(l[stream])), nil }

func (l memory) OpenObject(string) (io.ReadCloser, error) { return nil, events.ErrNotFound }

// standing is what bus.Standing reads of the real streams.
func (l memory) standing() *events.Standing {
	last := func(stream, filter string) events.Message {
		m, _ := l.Last(stream, filter)
		return m
	}
	s := &events.Standing{
		LastRequest: last(events.StreamWindow, events.WindowSubjects), LastVoid: last(events.StreamWindow, events.VoidSubject),
		LastFrame: last(events.StreamTrace, events.TraceSubjects), LastDigest: last(events.StreamDigest, events.DigestSubjects),
		LastVerdict: last(events.StreamVerdict, events.VerdictSubjects),
	}
	s.Window, _ = l.LastSeq(events.StreamWindow)
	s.Trace, _ = l.LastSeq(events.StreamTrace)
	s.Digest, _ = l.LastSeq(events.StreamDigest)
	s.Verdict, _ = l.LastSeq(events.StreamVerdict)
	return s
}
