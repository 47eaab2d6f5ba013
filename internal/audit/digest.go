package audit

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// digest takes a digest to its run.
func (a *auditor) digest(ctx context.Context, m bus.Message, t *trace) error {
	key, err := events.ParseDigestSubject(m.Subject)
	if err != nil {
		a.report.Digests++
		a.report.add(Finding{Kind: Contradiction, Stream: m.Stream, Seq: m.Seq, Run: -1, Tick: -1, Message: err.Error()})
		return nil
	}
	w := windowKey{key.Pipeline, key.Window}
	if a.skip(w, key.Run) || a.isPruned(m, w) {
		return nil
	}
	d, err := readDigest(m.Data, key)
	if v := a.verdicts[w]; v != nil && v.digestSeq > 0 && m.Seq > v.digestSeq {
		return a.lateDigest(ctx, key, m, d, err, t)
	}
	r, runErr := a.runOf(ctx, key, m)
	if runErr != nil {
		return runErr
	}
	r.window.count.Digests++
	if err != nil {
		r.hold(Contradiction, m.Stream, m.Seq, -1, "%v", err)
	} else if err := r.digest(ctx, m.Seq, d, t); err != nil {
		return err
	}
	if v := a.verdicts[w]; v != nil && v.digestSeq == m.Seq {
		r.window.due = true
		if !a.alone && a.windows[w] == r.window {
			return a.judgeIfDue(ctx, r.window)
		}
	}
	return nil
}

// digest compares a digest with the frames. It reads on in the trace as far as the
// digest speaks of it.
func (r *run) digest(ctx context.Context, seq uint64, d *digest, t *trace) error {
	a := r.window.a
	if d.LowWater > a.ends[events.StreamTrace] {
		r.hold(Difference, events.StreamDigest, seq, -1, "/low_water is %d, which %s has not", d.LowWater, events.StreamTrace)
	} else if d.LowWater >= a.lowWater {
		a.lowWater, a.open = d.LowWater, d.Open
	}
	if q := r.window.request; q != nil && seq <= q.After.Digest && !a.lost(events.StreamDigest, q.After.Digest, r.key.Window) {
		r.hold(Contradiction, events.StreamDigest, seq, -1, "a digest of a window that was requested when %s ended with %d", events.StreamDigest, q.After.Digest)
	}
	if q := r.window.request; q != nil && d.Request != q.sha256 {
		r.hold(Contradiction, events.StreamDigest, seq, -1, "a digest of request %.12s…, but the window is that of request %.12s…", d.Request, q.sha256)
	}
	behind := r.final != nil
	if behind && d.Problem == nil {
		r.hold(Repeat, events.StreamDigest, seq, -1, "a digest behind the last one of its run, %s %d", events.StreamDigest, r.finalSeq)
	}
	// Where a hasher gives a run up because of a digest, or of a frame behind the end,
	// it no longer has the run's hashes, and nothing rests on those that it says.
	loose := d.Problem != nil && (behind || d.Problem.Stream == events.StreamDigest)
	if err := r.advance(ctx, d, t); err != nil {
		return err
	}
	if a.windows[r.window.key] != r.window {
		return nil // it was put aside, and is read again
	}
	if (!loose || len(d.Covers) > 0) && r.align(seq, d) {
		r.compare(seq, d)
	}
	if d.Problem != nil {
		r.confirm(seq, d.Problem)
	}
	if d.Final {
		r.final, r.finalSeq = d, seq
		d.Covers = nil
	}
	return nil
}

// align tells whether a digest can be compared: whether the ticks that it covers are
// those that follow the ones covered before. Where some are left out, the comparison
// goes on behind them.
func (r *run) align(seq uint64, d *digest) bool {
	from := d.Done - int64(len(d.Covers))
	switch {
	case r.lost:
		return false
	case from < r.covered:
		r.hold(Repeat, events.StreamDigest, seq, d.FirstTick+from, "it covers the run from its %s tick on, after digests that cover %d", ordinal(from+1), r.covered)
		return false
	case from > r.covered:
		r.hold(Gap, events.StreamDigest, seq, d.FirstTick+r.covered, "it covers the run from its %s tick on, after digests that cover %d", ordinal(from+1), r.covered)
		r.lost = int64(len(r.pending)) < from-r.covered
		if !r.lost {
			r.cover(int(from - r.covered))
		}
	}
	return !r.lost
}

// advance reads frames until all that a digest speaks of were read.
func (r *run) advance(ctx context.Context, d *digest, t *trace) error {
	a, limit := r.window.a, d.LastSeq
	if n := len(d.Covers); n > 0 {
		limit = max(limit, d.Covers[n-1].LastSeq)
	}
	bad := d.Problem != nil && d.Problem.Stream == events.StreamTrace
	if bad {
		limit = max(limit, d.Problem.Seq)
	}
	for t.seq < limit && (r.hashed < d.Done || bad && r.hashed == d.Done || d.Difference != nil && r.difference == nil) && r.broken == 0 {
		if a.alone && a.waiting > max(a.maxWait, len(d.Covers)) {
			return nil // it speaks of ticks that no digest covers yet
		}
		if more, err := t.next(ctx); err != nil || !more {
			return err
		}
	}
	return nil
}

// compare holds a digest against what comes out of the frames.
func (r *run) compare(seq uint64, d *digest) {
	n := min(len(d.Covers), len(r.pending))
	covers := []tickDigest{}
	for _, tick := range r.pending[:n] {
		covers = append(covers, tick.tickDigest)
	}
	r.cover(n)
	want := &digest{
		Schema: events.DigestSchema, Scheme: scheme, Request: d.Request, Pipeline: r.key.Pipeline, Window: r.key.Window, Run: r.key.Run,
		FirstTick: r.first, Ticks: r.ticks, Covers: covers, Done: r.covered, Events: r.base[0].n, hashes: r.base.hashes(),
		Problem: d.Problem, LastSeq: r.coveredSeq, LowWater: d.LowWater, Open: d.Open,
	}
	if r.difference != nil && r.covered == r.hashed {
		want.LastSeq = r.endSeq
		if d.Problem == nil {
			want.Difference = r.difference
		}
	}
	want.Final = d.Problem != nil || want.Difference != nil || r.isWhole(r.covered)
	if !want.Final {
		want.State = r.base.state()
	}
	if n < len(d.Covers) {
		lacking := d.Covers[n]
		why := "there is no such tick in the trace up to there"
		if r.broken > 0 {
			why = fmt.Sprintf("the run's frames are bad from %s %d on", events.StreamTrace, r.broken)
		}
		r.hold(Gap, events.StreamDigest, seq, lacking.Tick, "it covers tick %d with frames %d to %d: %s", lacking.Tick, lacking.FirstSeq, lacking.LastSeq, why)
		rest := *d // what it says of the rest cannot be compared
		rest.Covers = append(covers, d.Covers[n:]...)
		want, r.lost = &rest, true
	}
	if !r.begun { // there is no good frame that says
		want.FirstTick, want.Ticks = d.FirstTick, d.Ticks
	}
	if reflect.DeepEqual(want, d) {
		return
	}
	said, err := treeOf(d)
	if err == nil {
		var is any
		if is, err = treeOf(want); err == nil {
			if at, x, y, differ := firstDifference(said, is); differ {
				r.hold(Difference, events.StreamDigest, seq, tickAt(at, covers), "%s is %s, computed from the frames it is %s", at, show(x), show(y))
			}
		}
	}
	if err != nil {
		r.hold(Contradiction, events.StreamDigest, seq, -1, "%v", err)
	}
}

// tickAt is the tick that a pointer into a digest leads to, or -1.
func tickAt(pointer string, covers []tickDigest) int64 {
	var i int
	if n, _ := fmt.Sscanf(pointer, "/covers/%d", &i); n == 1 && i < len(covers) {
		return covers[i].Tick
	}
	return -1
}

// confirm makes sure that the message that a hasher gave the run up for is bad.
func (r *run) confirm(seq uint64, p *problem) {
	switch {
	case p.Run != r.key.Run:
		r.hold(Contradiction, events.StreamDigest, seq, -1, "its problem is one of run %d", p.Run)
	case p.Stream == events.StreamTrace && p.Seq == r.broken && r.broken > 0:
		r.know(p.Stream, p.Seq)
	case p.Stream == events.StreamDigest && r.know(p.Stream, p.Seq):
	default:
		is := "nothing is wrong with it"
		if p.Stream == events.StreamTrace && r.broken > 0 {
			is = fmt.Sprintf("the first bad frame of the run is %d", r.broken)
		}
		r.hold(Difference, events.StreamDigest, seq, -1, "%s, but %s", p.givesUp(), is)
	}
}

// givesUp says what a digest with a problem does.
func (p *problem) givesUp() string {
	return fmt.Sprintf("it gives the run up because of %.40s %d (%.200s)", p.Stream, p.Seq, p.Reason)
}

func ordinal(n int64) string {
	suffix := "th"
	if text := fmt.Sprint(n); !strings.HasSuffix("0"+text[:len(text)-1], "1") {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, suffix)
}
