package core

import (
	"fmt"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// run is what is known of one run.
type run struct {
	key    events.RunKey
	window *window

	at         *events.Point // where its hashes stand
	hashed     int64         // whole ticks in them
	tick       int64         // the tick that the next frame must be of
	seq        uint64        // the last frame that ends a tick in them, or the run with a difference
	part       *part         // the tick that has begun and not ended
	ended      *sums         // of a run whose last digest was read back: what that says in place of at
	end        bool          // an open run has said that it ends
	difference *events.Difference

	covers  []events.TickDigest // whole ticks that are on no digest yet
	problem *events.Problem     // the run is broken
	dirty   bool                // there may be something to flush

	digestSeq uint64              // the run's last digest on ERS_DIGEST
	final     bool                // that digest is the last: the run is sealed, broken, or ended with a difference
	peer      *events.Digest      // a digest of another hasher that is ahead of us …
	ahead     []events.TickDigest // … and its ticks that we have yet to hash
}

// part is a tick of which some frames have been read, and the run's hashes without
// it: digests speak of whole ticks.
type part struct {
	next     int // index of the first event of the next frame
	total    int
	firstSeq uint64
	resumed  bool
	before   sums
}

// sums are the hashes of a run up to the end of some tick.
type sums struct {
	hashes events.Hashes
	events int64
	state  string
}

// accept takes the next message of the run. It tells whether there is now something
// to flush.
func (r *run) accept(c *Core, m events.Message) bool {
	switch {
	case m.Seq <= r.seq || r.problem != nil:
		return false // covered, or of a run that is broken: the message stays in the stream
	case r.over():
		return r.fail(c, m, "a frame behind the end of its run")
	}
	d := &c.decoder
	step, err := r.at.Decode(d, m.Data)
	if err == nil {
		err = r.follows(d)
	}
	if err != nil {
		return r.fail(c, m, err.Error())
	}
	if d.Difference != nil {
		r.difference, r.seq = d.Difference, m.Seq
		r.dropPart(c)
		if peer := r.peer; peer != nil {
			r.peer = nil
			r.compareSums(c, peer)
		}
		return true
	}
	if step == nil {
		step = c.memo.Add(r.at, d)
	}
	firstSeq, resumed := m.Seq, r.resumes(d)
	if r.part != nil {
		r.part.resumed = r.part.resumed || resumed
		firstSeq, resumed = r.part.firstSeq, r.part.resumed
	} else if !step.Last {
		r.part = &part{total: d.Total, firstSeq: m.Seq, resumed: resumed, before: r.sums()}
		c.open[r] = true
	}
	r.at = step.To
	c.Events += int64(step.Events)
	if !step.Last {
		r.part.next = d.First + step.Events
		return false
	}
	r.dropPart(c)
	r.end = d.End
	r.endTick(c, events.TickDigest{Tick: d.Tick, Events: d.Total, FirstSeq: firstSeq, LastSeq: m.Seq, Resumed: resumed, Hashes: step.Tick})
	return true
}

// resumes tells whether a frame says that somebody went on with the run: it names a machine,
// and is not the first.
func (r *run) resumes(d *events.FrameDecoder) bool {
	if d.Surroundings == "" || r.hashed == 0 && r.part == nil {
		return false
	}
	m := events.MachineOf(d.Surroundings)
	return m.Said()
}

// follows tells why a frame is not the one that must come next.
func (r *run) follows(d *events.FrameDecoder) error {
	q := r.window.request
	switch {
	case d.RunKey != r.key:
		return fmt.Errorf("a frame of run %s on the subject of run %s", d.RunKey, r.key)
	case d.Request != r.window.key.Request:
		return fmt.Errorf("a frame of request %.12s… in a window of request %.12s…", d.Request, r.window.key.Request)
	case d.Abandoned != "":
		return fmt.Errorf("the coordinator gave the run up: %s", d.Abandoned)
	case d.FirstTick != q.FirstTick || d.Ticks != q.Ticks:
		return fmt.Errorf("a frame of a run of %d ticks from tick %d, where %d from tick %d were asked for", d.Ticks, d.FirstTick, q.Ticks, q.FirstTick)
	}
	next, total := 0, d.Total
	if r.part != nil {
		next, total = r.part.next, r.part.total
	}
	switch {
	case d.Tick != r.tick || d.First != next && d.Difference == nil:
		return fmt.Errorf("event %d of tick %d where event %d of tick %d belongs", d.First, d.Tick, next, r.tick)
	case d.Total != total && d.Difference == nil:
		return fmt.Errorf("tick %d of %d events, which before was one of %d", d.Tick, d.Total, total)
	}
	return nil
}

// dropPart forgets what had begun of a tick: it has ended, or never will.
func (r *run) dropPart(c *Core) {
	if r.part != nil && r.difference != nil {
		r.ended = &r.part.before // a digest speaks of whole ticks
	}
	r.part = nil
	delete(c.open, r)
}

// endTick closes the tick whose last frame was added.
func (r *run) endTick(c *Core, t events.TickDigest) {
	r.hashed++
	r.tick++
	r.seq = t.LastSeq
	if r.peer != nil {
		r.comparePeer(c, t)
		return
	}
	r.covers = append(r.covers, t)
	c.gathered++
}

// sums are the run's hashes up to the end of its last whole tick.
func (r *run) sums() sums {
	switch {
	case r.ended != nil:
		return *r.ended
	case r.part != nil:
		return r.part.before
	}
	return sums{r.at.Sum(), r.at.Events(), r.at.State()}
}

// sealed tells whether every tick of the run has been hashed.
func (r *run) sealed() bool {
	if r.window.request.Ticks == 0 {
		return r.end
	}
	return r.hashed == r.window.request.Ticks
}

// over tells whether no frame may follow.
func (r *run) over() bool { return r.final || r.sealed() || r.difference != nil }

// fail breaks the run because of a message.
func (r *run) fail(c *Core, m events.Message, reason string) bool {
	r.problem = &events.Problem{Run: r.key.Run, Stream: m.Stream, Seq: m.Seq, Reason: events.ClipReason(reason)}
	r.difference = nil
	r.final = false // not the last word
	delete(c.open, r)
	c.complain(*r.problem)
	return true
}

// digest is the document that says what is on no digest yet.
func (r *run) digest(safe mark) *events.Digest {
	sums := r.sums()
	d := &events.Digest{
		Schema: events.DigestSchema, Scheme: canon.Scheme,
		Request: r.window.key.Request, Pipeline: r.key.Pipeline, Window: r.key.Window, Run: r.key.Run,
		FirstTick: r.window.request.FirstTick, Ticks: r.window.request.Ticks, Covers: r.covers,
		Done: r.hashed, Events: sums.events, Hashes: sums.hashes,
		Final: r.problem != nil || r.over(), Problem: r.problem, Difference: r.difference,
		LastSeq: r.seq, LowWater: safe.low, Open: safe.open,
	}
	if !d.Final {
		d.State = sums.state
	}
	return d
}
