package audit

import (
	"context"
	"fmt"

	"abraxas.dev/ers/pkg/events"
)

// recorded is the verdict that a window has on record.
type recorded struct {
	seq       uint64
	digestSeq uint64 // the digest that it was made from last; 0: the verdict cannot be checked
}

// indexVerdicts notes which window has which verdict, and what can be said of
// verdicts without their windows.
func (a *auditor) indexVerdicts(ctx context.Context) error {
	var before struct{ seq, digestSeq uint64 } // of the last verdict that can be checked
	for m, err := range a.read(ctx, events.StreamVerdict, a.filter(events.VerdictSubjects, 4)) {
		if err != nil {
			return err
		}
		a.report.Verdicts++
		outcome, pipeline, id, err := events.ParseVerdictSubject(m.Subject)
		key := windowKey{pipeline, id}
		found := func(kind Kind, format string, args ...any) {
			a.report.add(Finding{Kind: kind, Stream: m.Stream, Seq: m.Seq, Pipeline: pipeline, Window: id, Run: -1, Tick: -1, Message: fmt.Sprintf(format, args...)})
		}
		if err != nil {
			found(Contradiction, "%v", err)
			continue
		}
		if first := a.verdicts[key]; first != nil {
			found(Repeat, "the window has a verdict already, %s %d", m.Stream, first.seq)
			continue
		}
		a.verdicts[key] = &recorded{seq: m.Seq}
		a.verdictMessages[m.Seq] = verdictMessage{shaOf(m.Data), id}
		v, err := readVerdict(m.Data)
		if err == nil && (v.Outcome != outcome || v.Pipeline != pipeline || v.Window != id) {
			err = fmt.Errorf("a verdict of %s on window %d of %s on the subject %s", v.Outcome, v.Window, v.Pipeline, m.Subject)
		}
		if err != nil {
			found(Contradiction, "%v", err)
			continue
		}
		if a.pruned[key] != nil {
			continue // the digests are where the window is
		}
		isOurs, err := a.isDigestOf(ctx, v.DigestSeq, key)
		if err != nil {
			return err
		}
		if !isOurs {
			found(Difference, "/digest_seq is %d, which is not a digest of this window", v.DigestSeq)
			continue
		}
		a.verdicts[key].digestSeq = v.DigestSeq
		if v.DigestSeq < before.digestSeq && !a.repairedBetween(m.Stream, before.seq, m.Seq) {
			found(Contradiction, "/digest_seq is %d, and %d in %s %d before it: verdicts stand in the order in which their windows came to their end",
				v.DigestSeq, before.digestSeq, m.Stream, before.seq)
		}
		before.seq, before.digestSeq = m.Seq, v.DigestSeq
	}
	return a.findGate(ctx)
}

// findGate sets how far the gate has come: windows that were complete by then will
// not be judged any more. The last verdict that can be read says it.
func (a *auditor) findGate(ctx context.Context) error {
	const most = 100 // that cannot be read
	end := a.ends[events.StreamVerdict]
	for seq := end; seq > 0 && seq+most > end; seq-- {
		m, found, err := a.get(ctx, events.StreamVerdict, seq)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		v, err := readVerdict(m.Data)
		if err != nil {
			continue
		}
		key := windowKey{v.Pipeline, v.Window}
		isOurs, err := a.isDigestOf(ctx, v.DigestSeq, key)
		if err != nil {
			return err
		}
		if (isOurs || a.pruned[key] != nil) && m.Subject == events.VerdictSubject(v.Outcome, v.Pipeline, v.Window) {
			a.gateAt = v.DigestSeq
			return nil
		}
	}
	return nil
}

func (a *auditor) isDigestOf(ctx context.Context, seq uint64, w windowKey) (bool, error) {
	if seq > a.ends[events.StreamDigest] {
		return false, nil
	}
	m, found, err := a.get(ctx, events.StreamDigest, seq)
	key, parseErr := events.ParseDigestSubject(m.Subject)
	return found && parseErr == nil && key.Pipeline == w.pipeline && key.Window == w.id, err
}

func readVerdict(data []byte) (*verdict, error) {
	v := new(verdict)
	if err := readRecord(data, events.VerdictSchema, v); err != nil {
		return nil, fmt.Errorf("a verdict that cannot be read: %w", err)
	}
	if v.Scheme != scheme {
		return nil, fmt.Errorf("a verdict of scheme %.40q, this auditor knows %s", v.Scheme, scheme)
	}
	return v, nil
}
