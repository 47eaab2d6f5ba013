package compare

import (
	"fmt"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// checkDigest returns what keeps a run from being judged by its last digest, or nil
// when the digest belongs to the window and says that the run is complete, or ended with
// a difference.
func checkDigest(key events.WindowKey, req *events.WindowRequest, run int, d *events.Digest) *events.Problem {
	if d.Schema == "" {
		return digestProblem(run, "the run has no digest")
	}
	if d.Schema != events.DigestSchema || d.Scheme != canon.Scheme {
		return digestProblem(run, "the last digest has schema %q and scheme %q: want %s and %s", d.Schema, d.Scheme, events.DigestSchema, canon.Scheme)
	}
	if want := key.Run(run); d.RunKey() != want {
		return digestProblem(run, "the last digest is about run %s: want %s", d.RunKey(), want)
	}
	if d.Request != key.Request {
		return digestProblem(run, "the last digest is of the request with SHA-256 %.64q: the window's is %.64q", d.Request, key.Request)
	}
	if d.Problem != nil { // of a run that never had a good frame the digest does not know the ticks
		p := *d.Problem
		p.Run, p.Reason = run, events.ClipReason(p.Reason)
		return &p
	}
	if d.FirstTick != req.FirstTick || d.Ticks != req.Ticks {
		return digestProblem(run, "the last digest is about %d ticks from tick %d: want %d from tick %d", d.Ticks, d.FirstTick, req.Ticks, req.FirstTick)
	}
	if !d.Final || d.Difference == nil && d.Done != d.Ticks && d.Ticks > 0 {
		return &events.Problem{Run: run, Stream: events.StreamTrace, Seq: d.LastSeq,
			Reason: fmt.Sprintf("the run is not complete: %d of its %d ticks are hashed", d.Done, d.Ticks)}
	}
	for _, hash := range [...]string{d.Trace, d.Result, d.Forecast, d.ForecastResult} {
		if !events.IsHash(hash) {
			return digestProblem(run, "the last digest has %.80q where a SHA-256 belongs", hash)
		}
	}
	return nil
}

// digestProblem is a problem of a run's digests. A digest does not hold its own
// sequence, so none is named.
func digestProblem(run int, format string, args ...any) *events.Problem {
	return &events.Problem{Run: run, Stream: events.StreamDigest, Reason: events.ClipReason(fmt.Sprintf(format, args...))}
}

// Contradiction is the error for evidence that cannot all be true, or that is gone
// for good. Nothing can be judged by it: where other errors of a [Source] mean that
// there is no verdict yet, this one makes the verdict inconclusive.
type Contradiction events.Problem

func (c *Contradiction) Error() string { return fmt.Sprintf("run %d: %s", c.Run, c.Reason) }

// problem is the contradiction as a verdict names it.
func (c *Contradiction) problem() events.Problem {
	p := events.Problem(*c)
	p.Reason = events.ClipReason(p.Reason)
	return p
}

func contradict(run int, stream string, seq uint64, format string, args ...any) error {
	return &Contradiction{Run: run, Stream: stream, Seq: seq, Reason: fmt.Sprintf(format, args...)}
}

// checkTick makes sure that a tick is the one that d is about, and that its events
// and results belong together.
func checkTick(run int, d *events.TickDigest, t *events.Tick) error {
	if t.Tick != d.Tick || len(t.Events) != d.Events || len(t.Results) != d.Events {
		return contradict(run, events.StreamTrace, d.FirstSeq, "tick %d with %d events and %d results was found where the digest has tick %d with %d",
			t.Tick, len(t.Events), len(t.Results), d.Tick, d.Events)
	}
	for i := range t.Events {
		e, r := &t.Events[i], &t.Results[i]
		if e.Tick != t.Tick || e.Task != r.Name || e.Status != r.Status {
			return contradict(run, events.StreamTrace, d.FirstSeq, "tick %d, event %d: an event of task %q (%s, tick %d) beside a result of task %q (%s)",
				t.Tick, i, e.Task, e.Status, e.Tick, r.Name, r.Status)
		}
	}
	hashes, err := events.TickHashes(t)
	if err != nil {
		return contradict(run, events.StreamTrace, d.FirstSeq, "%v", err)
	}
	if hashes != d.Hashes {
		return contradict(run, events.StreamTrace, d.FirstSeq, "the frames of tick %d do not have the hashes that the digest says", t.Tick)
	}
	return nil
}
