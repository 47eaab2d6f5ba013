package audit

import (
	"context"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// What comes after the verdict of its window was checked.

// past is what is kept of a run whose window was judged.
type past struct {
	broken   uint64 // its first bad frame
	disputed uint64 // its last bad digest
	open     bool   // it had no last digest, or was given up: what follows is no surprise
}

// lateFrame is a frame of a window whose verdict is checked: all its runs had come
// to their end.
func (a *auditor) lateFrame(m bus.Message, key events.RunKey) {
	p := a.past[key]
	if p.broken > 0 || p.open {
		a.report.Skipped++
		return
	}
	p.broken = m.Seq
	a.past[key] = p
	f := &a.reading
	err := f.read(m.Data)
	finding := Finding{Kind: behindTheEnd(f, err), Stream: m.Stream, Seq: m.Seq, Pipeline: key.Pipeline, Window: key.Window, Run: key.Run, Tick: -1,
		Message: "a frame behind the end of its run"}
	if err == nil {
		finding.Tick = f.tick
	}
	a.report.add(finding)
}

// lateDigest is a digest behind the one that its window's verdict was made from. It
// can only say that the run was broken since.
func (a *auditor) lateDigest(ctx context.Context, key events.RunKey, m bus.Message, d *digest, err error, t *trace) error {
	a.report.Digests++
	a.tail = a.tail || a.alone // no digest of the run covers anything any more
	f := Finding{Kind: Repeat, Stream: m.Stream, Seq: m.Seq, Pipeline: key.Pipeline, Window: key.Window, Run: key.Run, Tick: -1,
		Message: fmt.Sprintf("a digest after the one that its window's verdict was made from, %s %d", m.Stream, a.verdicts[windowKey{key.Pipeline, key.Window}].digestSeq)}
	switch {
	case err != nil:
		f.Kind, f.Message = Contradiction, err.Error()
	case d.Problem != nil:
		for d.Problem.Stream == events.StreamTrace && t.seq < d.Problem.Seq {
			if more, err := t.next(ctx); err != nil {
				return err
			} else if !more {
				break
			}
		}
		if a.isBad(key, d.Problem) {
			return nil
		}
		f.Kind, f.Message = Difference, d.Problem.givesUp()+", but nothing is wrong with it"
	}
	p := a.past[key]
	p.disputed = m.Seq
	a.past[key] = p
	a.report.add(f)
	return nil
}

// isBad tells whether the message that a late digest names was found to be bad.
func (a *auditor) isBad(key events.RunKey, p *problem) bool {
	was := a.past[key]
	if w := a.windows[windowKey{key.Pipeline, key.Window}]; w != nil && w.runs[key.Run] != nil { // it is still to be judged
		was = w.runs[key.Run].past()
	}
	return p.Run == key.Run && p.Seq > 0 &&
		(p.Stream == events.StreamTrace && p.Seq == was.broken || p.Stream == events.StreamDigest && p.Seq == was.disputed)
}
