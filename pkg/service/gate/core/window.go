package core

import (
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
)

// window is a window that waits for its verdict.
type window struct {
	key     events.WindowKey
	request *events.WindowRequest
	runs    []run
	missing int // runs without their last digest
}

// run is what the digests of a run say together.
type run struct {
	last     events.Digest // the newest, without its covers
	seq      uint64        // its ERS_DIGEST sequence; 0: there is none yet
	done     int64         // ticks that are covered without gap, from the first on
	events   int64         // in them
	firstSeq uint64        // ERS_TRACE sequence of the run's first frame
	lastSeq  uint64        // of the last that is covered
	resumed  []span        // the ticks with which somebody went on with the run, at most events.MaxResumed
	gap      *compare.Contradiction
}

// span are the ERS_TRACE sequences of the first and the last frame of a tick.
type span struct{ first, last uint64 }

// gather makes a window out of its request and the digests before m.
func (c *Core) gather(n name, m events.Message) (*window, error) {
	w, err := c.request(n, m)
	if err != nil {
		return nil, err
	}
	filter := "ers.digest." + events.WindowKey{Pipeline: n.pipeline, Window: n.window}.Filter()
	for from := uint64(1); ; {
		earlier, err := c.streams.Next(events.StreamDigest, filter, from)
		switch {
		case errors.Is(err, events.ErrNotFound) || err == nil && earlier.Seq >= m.Seq:
			return w, nil
		case err != nil:
			return nil, err
		}
		if d, err := events.ReadDigest(earlier); err == nil && d.Request == w.key.Request && d.Run < len(w.runs) {
			w.add(d, earlier.Seq)
		}
		from = earlier.Seq + 1
	}
}

// request reads what was asked for.
func (c *Core) request(n name, m events.Message) (*window, error) {
	found, err := c.streams.Get(events.StreamWindow, n.window)
	if err != nil {
		return nil, err
	}
	if found[0].Seq == 0 {
		return nil, refuse(m, "it is of window %d, and %s has no such message", n.window, events.StreamWindow)
	}
	request, key, err := events.ReadRequest(found[0])
	if errors.Is(err, events.ErrVoid) {
		return nil, refuse(m, "it is of window %d: %w", n.window, err)
	}
	if err != nil {
		return nil, refuse(m, "it is of window %d, which is none: %w", n.window, err)
	}
	if key.Pipeline != n.pipeline {
		return nil, refuse(m, "window %d is one of pipeline %s, not of %s", n.window, key.Pipeline, n.pipeline)
	}
	return &window{key: key, request: request, runs: make([]run, request.Runs), missing: request.Runs}, nil
}

// add takes the next digest of a run. A final one that is followed by another is
// replaced: what comes after is trouble, and counts.
func (w *window) add(d *events.Digest, seq uint64) {
	r := &w.runs[d.Run]
	switch {
	case d.Final && !r.last.Final:
		w.missing--
	case r.last.Final && !d.Final:
		r.gap = &compare.Contradiction{Run: d.Run, Stream: events.StreamDigest, Seq: seq, Reason: "a digest behind the run's last"}
		return
	}
	if r.gap == nil {
		r.gap = r.follow(d, seq)
	}
	d.Covers = nil // the judgement reads them again where it needs them
	r.last, r.seq = *d, seq
}

// follow makes sure that a digest goes on where the one before ended.
func (r *run) follow(d *events.Digest, seq uint64) *compare.Contradiction {
	gap := func(format string, args ...any) *compare.Contradiction {
		return &compare.Contradiction{Run: d.Run, Stream: events.StreamDigest, Seq: seq, Reason: fmt.Sprintf(format, args...)}
	}
	if before := d.Done - int64(len(d.Covers)); before != r.done {
		return gap("the digest covers the run from its tick %d on, and those before it the first %d ticks", before, r.done)
	}
	for i := range d.Covers {
		t := &d.Covers[i]
		if t.FirstSeq <= r.lastSeq {
			return gap("the digest has tick %d at %s sequence %d, and the tick before it at %d", t.Tick, events.StreamTrace, t.FirstSeq, r.lastSeq)
		}
		if r.firstSeq == 0 {
			r.firstSeq = t.FirstSeq
		}
		if t.Resumed && len(r.resumed) < events.MaxResumed {
			r.resumed = append(r.resumed, span{t.FirstSeq, t.LastSeq})
		}
		r.lastSeq = t.LastSeq
		r.events += int64(t.Events)
	}
	r.done = d.Done
	if d.Difference != nil && d.LastSeq > r.lastSeq {
		r.lastSeq = d.LastSeq // the frame with it is not part of a tick
	}
	if d.LastSeq != r.lastSeq || d.Events != r.events {
		return gap("the digest says %d events up to %s sequence %d, and its ticks %d up to %d", d.Events, events.StreamTrace, d.LastSeq, r.events, r.lastSeq)
	}
	return nil
}
