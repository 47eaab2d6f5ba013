package hasher

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// flush appends a digest for every run that has something new, all of them in
// flight at once, and waits until they are on the stream.
//
// Commit point: each digest by itself. A crash between two leaves some runs with
// their digest and some without; the next hasher reads the trace again from the low
// water mark, which no digest of this flush has moved yet, and skips what is
// covered.
func (h *Hasher) flush(ctx context.Context) error {
	type flight struct {
		run *run
		out *bus.Writer
	}
	var flights []flight
	for _, r := range h.dirty {
		r.dirty = false
		if !r.unsaid() {
			continue
		}
		data, err := events.Encode(r.digest(h.safe))
		if err != nil {
			return fmt.Errorf("digest of run %s: %w", r.key, err)
		}
		f := flight{r, h.group.Writer(events.DigestSubject(r.key), r.digestSeq)}
		_ = f.out.Append(ctx, data) // Flush says what became of it
		flights = append(flights, f)
	}
	h.dirty, h.gathered = h.dirty[:0], 0
	for _, f := range flights {
		seq, err := f.out.Flush()
		if errors.Is(err, bus.ErrConflict) {
			err = h.settle(ctx, f.run)
		} else if err == nil {
			f.run.said(h, seq)
		}
		if err != nil {
			return err
		}
	}
	h.safe = h.lowWater()
	h.forget()
	return nil
}

// unsaid tells whether the run has something that is on no digest.
func (r *run) unsaid() bool { return len(r.covers) > 0 || r.problem != nil && !r.final }

// said notes that everything is on the digest with this sequence.
func (r *run) said(h *Hasher, seq uint64) {
	h.stats.Digests.Add(1)
	r.digestSeq = seq
	r.final = r.problem != nil || r.sealed()
	r.covers = nil
	if r.final {
		delete(h.runs, r.key)
	}
}

// lowWater is the sequence up to which every message is covered by digests on the
// stream, once all has been flushed: all that was read, but for ticks that have
// begun and not ended.
func (h *Hasher) lowWater() uint64 {
	low := h.read
	for r := range h.open {
		low = min(low, r.part.firstSeq-1)
	}
	return low
}

// forget drops, when there are many, the runs that their last digest says everything
// about.
func (h *Hasher) forget() {
	if len(h.runs) <= maxKept {
		return
	}
	for key, r := range h.runs {
		if r.part == nil && r.peer == nil {
			delete(h.runs, key)
		}
	}
}
