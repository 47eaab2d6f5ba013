package hasher

import (
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// run is what is known of one run.
type run struct {
	key              events.RunKey
	firstTick, ticks int64 // as its first frame says; ticks is 0 before that

	at     *events.Point // where its hashes stand
	hashed int64         // whole ticks in them
	tick   int64         // the tick that the next frame must be of
	seq    uint64        // the last frame that ends a tick in them
	part   *part         // the tick that has begun and not ended
	ended  *sums         // of a run whose last digest was read back: what that says in place of at

	covers  []events.TickDigest // whole ticks that are on no digest yet
	problem *events.Problem     // the run is broken
	dirty   bool                // there may be something to flush

	digestSeq uint64              // the run's last digest on ERS_DIGEST
	final     bool                // that digest is the last: the run is sealed or broken
	peer      *events.Digest      // a digest of another hasher that is ahead of us …
	ahead     []events.TickDigest // … and its ticks that we have yet to hash
}

// part is a tick of which some frames have been read, and the run's hashes without
// it: digests speak of whole ticks.
type part struct {
	next     int // index of the first event of the next frame
	total    int
	firstSeq uint64
	before   sums
}

// sums are the hashes of a run up to the end of some tick.
type sums struct {
	hashes events.Hashes
	events int64
	state  string
}

// restore takes a run up where its last digest left it.
func (r *run) restore(h *Hasher, m bus.Message) error {
	r.digestSeq = m.Seq
	d, err := decodeDigest(m)
	if err != nil {
		return err
	}
	r.firstTick, r.ticks, r.hashed, r.tick = d.FirstTick, d.Ticks, d.Done, d.FirstTick+d.Done
	r.seq, r.final, r.problem = d.LastSeq, d.Final, d.Problem
	if d.Final {
		r.ended = &sums{hashes: d.Hashes, events: d.Events}
		return nil
	}
	at, err := h.memo.Restore(d.State)
	if err != nil {
		return fmt.Errorf("digest on %s, %s sequence %d: /state: %w", m.Subject, m.Stream, m.Seq, err)
	}
	r.at = at
	return nil
}

// accept takes the next message of the run. It tells whether there is now something
// to flush.
func (r *run) accept(h *Hasher, m bus.Message) bool {
	switch {
	case m.Seq <= r.seq || r.problem != nil:
		return false // covered, or past caring: the message stays in the stream
	case r.final || r.sealed():
		return r.fail(h, m, "a frame behind the end of its run")
	}
	d := &h.decoder
	step, err := r.at.Decode(d, m.Data)
	if err != nil {
		return r.fail(h, m, err.Error())
	}
	if err := r.follows(d); err != nil {
		return r.fail(h, m, err.Error())
	}
	if step == nil {
		step = h.memo.Add(r.at, d)
	}
	firstSeq := m.Seq
	if r.part != nil {
		firstSeq = r.part.firstSeq
	} else if !step.Last {
		r.part = &part{total: d.Total, firstSeq: m.Seq, before: r.sums()}
		h.open[r] = true
	}
	r.at = step.To
	h.stats.Events.Add(int64(step.Events))
	if !step.Last {
		r.part.next = d.First + step.Events
		return false
	}
	delete(h.open, r)
	r.part = nil
	r.endTick(h, events.TickDigest{Tick: d.Tick, Events: d.Total, FirstSeq: firstSeq, LastSeq: m.Seq, Hashes: step.Tick})
	return true
}

// follows tells why a frame is not the one that must come next.
func (r *run) follows(d *events.FrameDecoder) error {
	switch {
	case d.RunKey != r.key:
		return fmt.Errorf("a frame of run %s on the subject of run %s", d.RunKey, r.key)
	case d.Abandoned != "":
		return fmt.Errorf("the coordinator gave the run up: %s", d.Abandoned)
	case r.ticks == 0:
		r.firstTick, r.ticks, r.tick = d.FirstTick, d.Ticks, d.FirstTick
	case d.FirstTick != r.firstTick || d.Ticks != r.ticks:
		return fmt.Errorf("a run of %d ticks from tick %d, which before was one of %d from %d", d.Ticks, d.FirstTick, r.ticks, r.firstTick)
	}
	next, total := 0, d.Total
	if r.part != nil {
		next, total = r.part.next, r.part.total
	}
	switch {
	case d.Tick != r.tick || d.First != next:
		return fmt.Errorf("event %d of tick %d where event %d of tick %d belongs", d.First, d.Tick, next, r.tick)
	case d.Total != total:
		return fmt.Errorf("tick %d of %d events, which before was one of %d", d.Tick, d.Total, total)
	}
	return nil
}

// endTick closes the tick whose last frame was added.
func (r *run) endTick(h *Hasher, t events.TickDigest) {
	r.hashed++
	r.tick++
	r.seq = t.LastSeq
	if r.peer != nil {
		r.comparePeer(h, t)
		return
	}
	r.covers = append(r.covers, t)
	h.gathered++
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
func (r *run) sealed() bool { return r.ticks > 0 && r.hashed == r.ticks }

// fail breaks the run because of a message.
func (r *run) fail(h *Hasher, m bus.Message, reason string) bool {
	r.problem = &events.Problem{Run: r.key.Run, Stream: m.Stream, Seq: m.Seq, Reason: events.ClipReason(reason)}
	r.final = false           // not the last word
	r.ticks = max(r.ticks, 1) // it may never have had a good frame
	delete(h.open, r)
	h.complain(*r.problem)
	return true
}

// digest is the document that says what is on no digest yet.
func (r *run) digest(lowWater uint64) *events.Digest {
	sums := r.sums()
	d := &events.Digest{
		Schema: events.DigestSchema, Scheme: canon.Scheme,
		Pipeline: r.key.Pipeline, Window: r.key.Window, Run: r.key.Run,
		FirstTick: r.firstTick, Ticks: r.ticks, Covers: r.covers,
		Done: r.hashed, Events: sums.events, Hashes: sums.hashes,
		Final: r.problem != nil || r.sealed(), Problem: r.problem,
		LastSeq: r.seq, LowWater: lowWater,
	}
	if !d.Final {
		d.State = sums.state
	}
	return d
}
