package core

import (
	"fmt"

	"abraxas.dev/ers/pkg/events"
)

// takePeer compares a digest of another hasher with our hashes as far as we have
// them, and keeps the rest for comparePeer.
func (r *run) takePeer(c *Core, m events.Message) {
	r.digestSeq = m.Seq
	d, err := events.ReadDigest(m)
	if err != nil {
		r.dispute(c, m.Seq, err.Error())
		return
	}
	if d.Request != r.window.key.Request {
		r.dispute(c, m.Seq, fmt.Sprintf("a digest of request %.12s… in a window of request %.12s…", d.Request, r.window.key.Request))
		return
	}
	if d.Problem != nil { // broken either way
		r.problem, r.final, r.covers = d.Problem, true, nil
		r.dropPart(c)
		return
	}
	if said := r.hashed - int64(len(r.covers)); d.Done-int64(len(d.Covers)) != said {
		r.dispute(c, m.Seq, fmt.Sprintf("it covers the run from tick %d of it on, after digests that end with tick %d",
			d.Done-int64(len(d.Covers)), said))
		return
	}
	both := min(len(d.Covers), len(r.covers))
	for i, ours := range r.covers[:both] {
		if ours != d.Covers[i] {
			r.disagree(c, m.Seq, ours, d.Covers[i])
			return
		}
	}
	r.covers = r.covers[both:]
	if r.ahead = d.Covers[both:]; len(r.ahead) > 0 {
		r.peer, r.digestSeq = d, m.Seq
		return
	}
	switch {
	case len(r.covers) == 0: // it ends where we are
		r.compareSums(c, d)
	case d.Difference != nil:
		r.endedBefore(c, m.Seq, r.covers[0].Tick)
	}
}

// endedBefore is for a tick of ours where the other hasher says that there is none.
func (r *run) endedBefore(c *Core, seq uint64, tick int64) {
	r.dispute(c, seq, fmt.Sprintf("two hashers disagree over tick %d: it says that the run ended with a difference before it", tick))
}

// comparePeer compares a tick of ours with what the other hasher said of it.
func (r *run) comparePeer(c *Core, ours events.TickDigest) {
	if len(r.ahead) == 0 {
		r.endedBefore(c, r.digestSeq, ours.Tick)
		return
	}
	theirs := r.ahead[0]
	r.ahead = r.ahead[1:]
	if ours != theirs {
		r.disagree(c, r.digestSeq, ours, theirs)
		return
	}
	if len(r.ahead) == 0 {
		peer := r.peer
		r.peer = nil
		r.compareSums(c, peer)
	}
}

// compareSums compares what a digest of another hasher says of the run up to where
// we are. A difference with which the run ended, and that we have yet to read, is left for
// then.
func (r *run) compareSums(c *Core, d *events.Digest) {
	ours := r.sums()
	if ours.hashes != d.Hashes || ours.events != d.Events || !d.Final && ours.state != d.State || !sameDifference(r, d) {
		r.dispute(c, r.digestSeq, fmt.Sprintf("two hashers disagree over the run up to tick %d: it says %d events, %+v, another found %d, %+v",
			r.tick-1, d.Events, d.Hashes, ours.events, ours.hashes))
		return
	}
	if d.Difference != nil && r.difference == nil {
		r.peer = d
		return
	}
	r.final = d.Final && r.problem == nil
}

// sameDifference tells whether the other hasher says the same of a difference with which
// the run ended, as far as both know of one.
func sameDifference(r *run, d *events.Digest) bool {
	if r.difference == nil || d.Difference == nil {
		return r.difference == nil || !d.Final
	}
	return *r.difference == *d.Difference
}

// disagree breaks the run because two hashers differ over a tick.
func (r *run) disagree(c *Core, seq uint64, ours, theirs events.TickDigest) {
	r.dispute(c, seq, fmt.Sprintf("two hashers disagree over tick %d: it says %+v, another found %+v", ours.Tick, theirs, ours))
}

// dispute breaks the run because of a digest of another hasher.
func (r *run) dispute(c *Core, seq uint64, reason string) {
	m := events.Message{Stream: events.StreamDigest, Seq: seq}
	r.covers, r.peer, r.ahead = nil, nil, nil
	r.fail(c, m, reason)
	c.mark(r)
}
