package hasher

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// settle takes in the digest of another hasher that was appended before ours: what
// both have hashed must be equal, what only we have is appended behind it.
func (h *Hasher) settle(ctx context.Context, r *run) error {
	for r.unsaid() {
		subject := events.DigestSubject(r.key)
		m, err := h.Bus.Next(ctx, events.StreamDigest, subject, r.digestSeq+1)
		switch {
		case errors.Is(err, bus.ErrNotFound):
			data, err := events.Encode(r.digest(h.safe))
			if err != nil {
				return fmt.Errorf("digest of run %s: %w", r.key, err)
			}
			// Commit point, as in flush.
			seq, err := h.Bus.Append(ctx, subject, r.digestSeq, data)
			if errors.Is(err, bus.ErrConflict) {
				continue
			}
			if err == nil {
				r.said(h, seq)
			}
			return err
		case err != nil:
			return err
		}
		r.takePeer(h, m)
	}
	return nil
}

// takePeer compares a digest of another hasher with our hashes as far as we have
// them, and keeps the rest for comparePeer.
func (r *run) takePeer(h *Hasher, m bus.Message) {
	r.digestSeq = m.Seq
	d, err := decodeDigest(m)
	if err != nil {
		r.dispute(h, m.Seq, err.Error())
		return
	}
	if d.Problem != nil { // broken either way
		r.problem, r.final, r.covers = d.Problem, true, nil
		r.part = nil
		delete(h.open, r) // no frame will end this tick
		return
	}
	if said := r.hashed - int64(len(r.covers)); d.Done-int64(len(d.Covers)) != said {
		r.dispute(h, m.Seq, fmt.Sprintf("it covers the run from tick %d of it on, after digests that end with tick %d",
			d.Done-int64(len(d.Covers)), said))
		return
	}
	both := min(len(d.Covers), len(r.covers))
	for i, ours := range r.covers[:both] {
		if ours != d.Covers[i] {
			r.disagree(h, m.Seq, ours, d.Covers[i])
			return
		}
	}
	r.covers = r.covers[both:]
	if r.ahead = d.Covers[both:]; len(r.ahead) > 0 {
		r.peer, r.digestSeq = d, m.Seq
		return
	}
	if len(r.covers) == 0 { // it ends where we are
		r.compareSums(h, d)
	}
}

// comparePeer compares a tick of ours with what the other hasher said of it.
func (r *run) comparePeer(h *Hasher, ours events.TickDigest) {
	theirs := r.ahead[0]
	r.ahead = r.ahead[1:]
	if ours != theirs {
		r.disagree(h, r.digestSeq, ours, theirs)
		return
	}
	if len(r.ahead) == 0 {
		peer := r.peer
		r.peer = nil
		r.compareSums(h, peer)
	}
}

// compareSums compares what a digest of another hasher says of the run up to where
// we are.
func (r *run) compareSums(h *Hasher, d *events.Digest) {
	ours := r.sums()
	if ours.hashes != d.Hashes || ours.events != d.Events || !d.Final && ours.state != d.State {
		r.dispute(h, r.digestSeq, fmt.Sprintf("two hashers disagree over the run up to tick %d: it says %d events, %+v, another found %d, %+v",
			r.tick-1, d.Events, d.Hashes, ours.events, ours.hashes))
		return
	}
	r.final = d.Final && r.problem == nil
}

// disagree breaks the run because two hashers differ over a tick.
func (r *run) disagree(h *Hasher, seq uint64, ours, theirs events.TickDigest) {
	r.dispute(h, seq, fmt.Sprintf("two hashers disagree over tick %d: it says %+v, another found %+v", ours.Tick, theirs, ours))
}

// dispute breaks the run because of a digest of another hasher.
func (r *run) dispute(h *Hasher, seq uint64, reason string) {
	m := bus.Message{Stream: events.StreamDigest, Seq: seq}
	r.covers, r.peer, r.ahead = nil, nil, nil
	r.fail(h, m, reason)
	h.mark(r)
}
