package audit

import (
	"context"
	"fmt"
	"strings"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// What stands in ERS_WINDOW beside requests, and what requests say of the other streams.

// repaired is a repair: a stream had been cut short, and a void request says how all of
// them ended then.
type repaired struct {
	seq  uint64 // of the void request
	ends map[string]uint64
}

// readVoids reads the void requests, which say what is lost.
func (a *auditor) readVoids(ctx context.Context) error {
	end := a.ends[events.StreamWindow]
	if end == 0 {
		return nil
	}
	for m, err := range a.bus.Read(ctx, events.StreamWindow, events.VoidSubject, 1, end) {
		if err != nil {
			return err
		}
		v, err := readVoid(m)
		if err != nil {
			continue // it is found when it is its turn
		}
		a.repairs = append(a.repairs, repaired{m.Seq, map[string]uint64{events.StreamWindow: v.Ends.Window, events.StreamTrace: v.Ends.Trace,
			events.StreamDigest: v.Ends.Digest, events.StreamVerdict: v.Ends.Verdict, events.StreamViz: v.Ends.Viz}})
	}
	return nil
}

func readVoid(m bus.Message) (*void, error) {
	v := new(void)
	if err := readRecord(m.Data, events.VoidSchema, v); err != nil {
		return nil, fmt.Errorf("a void request that cannot be read: %w", err)
	}
	if v.Ends.Window >= m.Seq {
		return nil, fmt.Errorf("a void request that was made when %s ended with %d", m.Stream, v.Ends.Window)
	}
	return v, nil
}

// lost tells whether a repair says that a position is lost which a message of ERS_WINDOW
// names.
func (a *auditor) lost(stream string, seq, by uint64) bool {
	for _, r := range a.repairs {
		if r.seq > by && r.ends[stream] < seq {
			return true
		}
	}
	return false
}

// repairedBetween tells whether a repair took place between two messages of a stream.
func (a *auditor) repairedBetween(stream string, from, to uint64) bool {
	for _, r := range a.repairs {
		if end := r.ends[stream]; from <= end && end < to {
			return true
		}
	}
	return false
}

// control checks a message of ERS_WINDOW that is not a request. It returns false when the
// message is one.
func (a *auditor) control(ctx context.Context, m bus.Message) (is bool, err error) {
	found := func(window uint64, err error) {
		a.report.add(Finding{Kind: Contradiction, Stream: m.Stream, Seq: m.Seq, Window: window, Run: -1, Tick: -1, Message: err.Error()})
	}
	if m.Subject == events.VoidSubject {
		if _, err := readVoid(m); err != nil {
			found(0, err)
		}
		return true, nil
	}
	if strings.HasPrefix(m.Subject, "ers.run.") {
		f, err := a.handout(ctx, m)
		if f != nil {
			a.report.add(*f)
		}
		return true, err
	}
	if strings.HasPrefix(m.Subject, "ers.control.pruned.") {
		return true, nil // see readPruned
	}
	verb, pipeline, window, err := events.ParseControlSubject(m.Subject)
	if err != nil {
		return false, nil
	}
	c := new(control)
	if err := readRecord(m.Data, events.ControlSchema, c); err != nil {
		found(window, fmt.Errorf("a control event that cannot be read: %w", err))
		return true, nil
	}
	if c.Verb != string(verb) || c.Pipeline != pipeline || c.Window != window {
		found(window, fmt.Errorf("a %.20s of window %d of %.80s on %s", c.Verb, c.Window, c.Pipeline, m.Subject))
		return true, nil
	}
	asked, there, err := a.get(ctx, events.StreamWindow, window)
	if err != nil {
		return true, err
	}
	if !there || window >= m.Seq || shaOf(asked.Data) != c.Request {
		found(window, fmt.Errorf("a %s of request %.12s…, which no request before it is", c.Verb, c.Request))
	}
	return true, nil
}

// checkAfter holds what a request says of the other streams, as they were when it was
// made, against what they are.
func (a *auditor) checkAfter(ctx context.Context, window uint64, q *request) error {
	found := func(known bool, format string, args ...any) {
		f := Finding{Kind: Contradiction, Stream: events.StreamWindow, Seq: window, Pipeline: q.Pipeline, Window: window, Run: -1, Tick: -1,
			Message: fmt.Sprintf(format, args...), Known: known}
		if known {
			f.Kind = Gap
		}
		a.report.add(f)
	}
	for _, named := range [...]struct {
		stream string
		seq    uint64
	}{{events.StreamTrace, q.After.Trace}, {events.StreamDigest, q.After.Digest}, {events.StreamVerdict, q.After.Verdict}} {
		switch lost := a.lost(named.stream, named.seq, window); {
		case lost:
			found(true, "it was made when %s ended with %d; what is missing of that is lost, a repair says", named.stream, named.seq)
		case named.seq > a.ends[named.stream]:
			found(false, "it was made when %s ended with %d, which that stream has not: it was removed, restored or cut short", named.stream, named.seq)
		case named.stream == events.StreamVerdict && named.seq > 0:
			v, err := a.verdictAt(ctx, named.seq)
			if err != nil {
				return err
			}
			if v.sha256 != "" && v.sha256 != q.After.VerdictSHA256 {
				found(false, "it was made when %s %d had SHA-256 %.12s…, now it has %.12s…", named.stream, named.seq, q.After.VerdictSHA256, v.sha256)
			} else if v.window >= window {
				found(false, "it was made when there was the verdict %s %d, which is of window %d, requested later", named.stream, named.seq, v.window)
			}
		}
	}
	return nil
}

// verdictMessage is what requests say of a verdict.
type verdictMessage struct {
	sha256 string // of its bytes, "": there is no such message
	window uint64
}

func (a *auditor) verdictAt(ctx context.Context, seq uint64) (verdictMessage, error) {
	if v, ok := a.verdictMessages[seq]; ok {
		return v, nil
	}
	m, found, err := a.get(ctx, events.StreamVerdict, seq)
	if err != nil || !found {
		return verdictMessage{}, err
	}
	_, _, window, _ := events.ParseVerdictSubject(m.Subject)
	return verdictMessage{shaOf(m.Data), window}, nil
}
