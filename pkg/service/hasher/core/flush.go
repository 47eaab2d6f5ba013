package core

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/events"
)

// Digest is a digest to be appended behind the last that is known on its subject.
type Digest struct {
	Subject string
	Last    uint64 // sequence of the last message there, 0: none
	Data    []byte
	run     *run
}

// Flush returns a digest for every run that has something new. Append each, say what
// became of it with Appended or Conflict, and flush again until nothing is left; then
// call Flushed.
func (c *Core) Flush() ([]*Digest, error) {
	var list []*Digest
	for _, r := range c.dirty {
		r.dirty = false
		if !r.unsaid() {
			continue
		}
		data, err := events.Encode(r.digest(c.safe))
		if err != nil {
			return nil, fmt.Errorf("digest of run %s: %w", r.key, err)
		}
		list = append(list, &Digest{events.DigestSubject(r.key), r.digestSeq, data, r})
	}
	c.dirty, c.gathered, c.loaded, c.full = c.dirty[:0], 0, 0, false
	return list, nil
}

// Appended notes that a digest is on the stream with this sequence.
func (c *Core) Appended(d *Digest, seq uint64) {
	r := d.run
	c.Digests++
	r.digestSeq = seq
	r.final = r.problem != nil || r.over()
	r.covers = nil
	if r.final {
		delete(c.runs, r.key)
	}
}

// Conflict notes that another message stands where a digest was to be: that of another
// hasher, which is compared with ours. What only we have is in the next Flush.
func (c *Core) Conflict(d *Digest) error {
	r := d.run
	for r.unsaid() {
		m, err := c.streams.Next(events.StreamDigest, d.Subject, r.digestSeq+1)
		if errors.Is(err, events.ErrNotFound) {
			break
		}
		if err != nil {
			return err
		}
		r.takePeer(c, m)
	}
	if r.unsaid() {
		c.mark(r)
	}
	return nil
}

// Flushed notes that all digests are on the stream.
func (c *Core) Flushed() {
	c.safe = c.covered()
	c.forget()
}

// unsaid tells whether the run has something that is on no digest.
func (r *run) unsaid() bool {
	return len(r.covers) > 0 || (r.problem != nil || r.difference != nil) && !r.final
}

// mark is up to where every message is covered by digests on the stream, and the ticks
// that are not.
type mark struct {
	low  uint64
	open []events.OpenTick
}

// covered is the mark once all has been flushed: all that was read, but for ticks that
// have begun and not ended. Of these the oldest are named, so that a run that is left in
// the middle of a tick does not hold the mark back; where there are too many to name,
// the mark stays behind the others.
func (c *Core) covered() mark {
	m := mark{low: c.read}
	for r := range c.open {
		m.open = append(m.open, events.OpenTick{Pipeline: r.key.Pipeline, Window: r.key.Window, Run: r.key.Run, FirstSeq: r.part.firstSeq})
	}
	slices.SortFunc(m.open, func(a, b events.OpenTick) int { return cmp.Compare(a.FirstSeq, b.FirstSeq) })
	if len(m.open) > events.MaxOpen {
		m.low = min(m.low, m.open[events.MaxOpen].FirstSeq-1)
		m.open = m.open[:events.MaxOpen]
	}
	return m
}

// forget drops, when there are many, the runs that their last digest says everything
// about.
func (c *Core) forget() {
	if len(c.runs) <= maxKept {
		return
	}
	for key, r := range c.runs {
		if r.part == nil && r.peer == nil {
			delete(c.runs, key)
		}
	}
}
