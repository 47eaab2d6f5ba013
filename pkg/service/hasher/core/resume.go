package core

import (
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/events"
)

const firstFrame = 1

// Resume returns the ERS_TRACE sequence from which frames are to be read: behind what
// the last digest says is covered. Before that it takes up the ticks that had begun and
// not ended. A last digest that cannot be read, or that covers what a repair found to be
// lost, says nothing: then all is read again, and what is covered is passed over.
func (c *Core) Resume() (from uint64, err error) {
	m, err := c.streams.Last(events.StreamDigest, events.DigestSubjects)
	if errors.Is(err, events.ErrNotFound) {
		return firstFrame, nil
	}
	if err != nil {
		return 0, err
	}
	last, err := events.ReadDigest(m)
	if err != nil {
		c.complain(events.Problem{Stream: m.Stream, Seq: m.Seq, Reason: err.Error() + "; the trace is read from its start"})
		return firstFrame, nil
	}
	end, err := c.streams.LastSeq(events.StreamTrace)
	if err != nil || last.LowWater > end {
		return firstFrame, err
	}
	c.read = last.LowWater
	for _, o := range last.Open {
		if err := c.reopen(o, last.LowWater); err != nil {
			return 0, err
		}
	}
	c.safe = c.covered()
	return last.LowWater + 1, nil
}

// reopen takes the frames of a tick that had begun, up to where all others are covered.
func (c *Core) reopen(o events.OpenTick, to uint64) error {
	key := events.RunKey{Pipeline: o.Pipeline, Window: o.Window, Run: o.Run}
	for from := o.FirstSeq; from <= to; {
		m, err := c.streams.Next(events.StreamTrace, events.TraceSubject(key), from)
		if errors.Is(err, events.ErrNotFound) || err == nil && m.Seq > to {
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.take(key, m); err != nil {
			return err
		}
		from = m.Seq + 1
	}
	return nil
}

// restore takes a run up where its last digest left it. A digest that is none, is of
// another request or covers what is not there breaks the run.
func (c *Core) restore(r *run, m events.Message) error {
	r.digestSeq = m.Seq
	d, err := events.ReadDigest(m)
	if err == nil && d.Request != r.window.key.Request {
		err = fmt.Errorf("digest on %s, %s sequence %d: it is of request %.12s…, the window's is %.12s…", m.Subject, m.Stream, m.Seq, d.Request, r.window.key.Request)
	}
	if err == nil && !d.Final {
		reason, lookupErr := c.missing(r, d)
		if lookupErr != nil {
			return lookupErr
		}
		if reason != "" {
			err = fmt.Errorf("digest on %s, %s sequence %d: it covers the run up to %s sequence %d: %s", m.Subject, m.Stream, m.Seq, events.StreamTrace, d.LastSeq, reason)
		}
	}
	if err == nil {
		err = r.takeUp(c, d)
	}
	if err != nil {
		r.dispute(c, m.Seq, err.Error())
	}
	return nil
}

// missing says what is wrong with the last frame that a digest covers.
func (c *Core) missing(r *run, d *events.Digest) (reason string, err error) {
	if d.Done == 0 {
		return "", nil
	}
	found, err := c.streams.Get(events.StreamTrace, d.LastSeq)
	if err != nil {
		return "", err
	}
	if found[0].Seq == 0 {
		return "there is no such message", nil
	}
	var f events.FrameDecoder
	if err := f.ReadFrame(found[0]); err != nil {
		return err.Error(), nil
	}
	if f.RunKey != r.key || f.Request != d.Request || f.Tick != d.FirstTick+d.Done-1 {
		return "that message does not end the ticks that it covers", nil
	}
	return "", nil
}

// takeUp continues where a digest ends.
func (r *run) takeUp(c *Core, d *events.Digest) error {
	r.hashed, r.tick = d.Done, d.FirstTick+d.Done
	r.seq, r.final, r.problem, r.difference = d.LastSeq, d.Final, d.Problem, d.Difference
	if d.Final {
		r.ended = &sums{hashes: d.Hashes, events: d.Events}
		return nil
	}
	at, err := c.memo.Restore(d.State)
	if err != nil {
		return fmt.Errorf("digest of run %s: /state: %w", r.key, err)
	}
	r.at = at
	return nil
}
