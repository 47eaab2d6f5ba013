package events

import "bytes"

// Memo hashes the frames of many runs, and of runs that are equal only once: what a
// frame's bytes come to, and where they take the hashes of a run, is kept for a while.
// A run whose hashes stood where another's did, and whose next frame has the same
// bytes, ends where that one did. Every byte of every frame is compared; nothing is
// taken on trust. A frame that differs is decoded and hashed as if it were the first.
//
// A Memo is not safe for concurrent use. Make one with [NewMemo].
type Memo struct {
	start *Point
	kept  []*Point // with a step, the oldest first
	size  int      // bytes of these steps
	most  int
}

// Point is where a run's hashes stand after some frame. Runs that had equal frames so
// far may share it. It does not change.
type Point struct {
	hash *RunHash
	step *Step // the last that was taken from here, while it is kept
}

// Step is what a frame comes to.
type Step struct {
	To     *Point
	Events int    // in the frame
	Last   bool   // it ends its tick …
	Tick   Hashes // … whose hashes are these

	tick         int64
	first, total int
	body         []byte
}

// stepSize is about what a step takes beside its message: the hashes' midstates.
const stepSize = 2 << 10

// bytes is what a kept step takes.
func (s *Step) bytes() int { return len(s.body) + stepSize }

// NewMemo returns a memo that keeps steps of at most so many bytes.
func NewMemo(most int) *Memo { return &Memo{start: &Point{hash: NewRunHash()}, most: most} }

// Start is where a run begins.
func (m *Memo) Start() *Point { return m.start }

// Restore is where a run stands whose digest has this State.
func (m *Memo) Restore(state string) (*Point, error) {
	h := NewRunHash()
	if err := h.Restore(state); err != nil {
		return nil, err
	}
	return &Point{hash: h}, nil
}

// Decode reads a frame and returns nil, or the step that it was found to be, in which
// case the decoder has its position only. The message must not change any more. Only
// [Memo.Add] makes it count.
func (p *Point) Decode(d *FrameDecoder, message []byte) (*Step, error) {
	if err := d.DecodePosition(message); err != nil {
		return nil, err
	}
	if s := p.step; s != nil && s.tick == d.Tick && s.first == d.First && s.total == d.Total &&
		!d.tail && bytes.Equal(s.body, d.body) {
		return s, nil
	}
	return nil, d.DecodeBody()
}

// Add hashes the frame that [Point.Decode] read whole, and keeps the step.
func (m *Memo) Add(p *Point, d *FrameDecoder) *Step {
	h := p.hash.Clone()
	h.AddFrame(d)
	s := &Step{To: &Point{hash: h}, Events: d.Len(), Last: d.Last(),
		tick: d.Tick, first: d.First, total: d.Total, body: d.body}
	if s.Last {
		s.Tick = h.EndTick()
	}
	if d.tail { // an ending is not what other runs have
		return s
	}
	if p.step != nil {
		m.size -= p.step.bytes()
	} else {
		m.kept = append(m.kept, p)
	}
	p.step = s
	for m.size += s.bytes(); m.size > m.most; {
		oldest := m.kept[0]
		m.size -= oldest.step.bytes()
		oldest.step = nil
		m.kept[0] = nil
		m.kept = m.kept[1:]
	}
	return s
}

// Sum returns the hashes of the run so far.
func (p *Point) Sum() Hashes { return p.hash.Sum() }

// Events is the number of events of the run so far.
func (p *Point) Events() int64 { return p.hash.Events() }

// State is [RunHash.State].
func (p *Point) State() string { return p.hash.State() }
