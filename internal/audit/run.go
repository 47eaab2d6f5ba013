package audit

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// run is what is known of one run.
type run struct {
	key    events.RunKey
	window *window

	begun        bool           // there is a good frame
	first, ticks int64          // as that says; ticks is 0 in an open run
	end          bool           // an open run has said that it ends
	difference   *ownDifference // with which the run has ended …
	endSeq       uint64         // … in this frame
	around       []byte         // what the first frame says that it had around it
	on           []site         // the machine of that, and those where somebody went on with the run
	resumed      int            // ticks with such a frame
	hash, tick   lists          // of the run, and of the tick that is being read
	hashed       int64          // whole ticks that were read
	part         *part          // the tick of which some frames were read
	pending      []wholeTick    // read, and in no digest yet
	tailSeq      uint64         // the first frame of the ticks that were not kept, since no digest can cover them
	broken       uint64         // the first bad frame, 0: none. What follows it is not looked at

	went ends // how its tasks ended, as far as is looked

	covered    int64   // ticks that are in digests
	coveredSeq uint64  // the frame that ends the last of them
	base       marks   // of the run up to there
	final      *digest // the last digest that says that nothing follows …
	finalSeq   uint64  // … and its sequence
	lost       bool    // digests cover ticks that are not in the frames: no more can be compared

	ruled    ruledTick // of the tick that is being read
	turn     turn      // in the tick that is being read
	tasks    []planned // that have their turn in it, see planned
	departed bool      // from what request and definition determine

	held []Finding // kept until the window's end, since the record may know of them
	more int64     // findings beyond maxHeld
}

// part is a tick of which some frames were read.
type part struct {
	next, total int64
	firstSeq    uint64
	resumed     bool
}

// wholeTick is a tick that was read, and the run up to its end.
type wholeTick struct {
	tickDigest
	marks marks
}

// maxHeld bounds what a run can hold back.
const maxHeld = 64

func newRun(w *window, number int) *run {
	r := &run{key: events.RunKey{Pipeline: w.key.pipeline, Window: w.key.id, Run: number}, window: w, hash: newLists(), tick: newLists()}
	r.base = r.hash.marks()
	return r
}

// hold notes a finding. The record may turn out to know of it.
func (r *run) hold(kind Kind, stream string, seq uint64, tick int64, format string, args ...any) {
	if len(r.held) >= maxHeld+len(r.window.a.Acknowledged) {
		r.more++
		return
	}
	r.held = append(r.held, Finding{Kind: kind, Stream: stream, Seq: seq, Pipeline: r.key.Pipeline, Window: r.key.Window, Run: r.key.Run, Tick: tick,
		Message: fmt.Sprintf(format, args...)})
}

// know marks what was found at a message as known to the record. It returns false
// when nothing was.
func (r *run) know(stream string, seq uint64) bool {
	found := false
	for i := range r.held {
		if r.held[i].Stream == stream && r.held[i].Seq == seq {
			r.held[i].Known, found = true, true
		}
	}
	return found
}

// frame takes the next frame of the run.
func (r *run) frame(m bus.Message) {
	r.window.count.Frames++
	if r.broken > 0 {
		r.window.count.Skipped++
		return
	}
	f := &r.window.a.reading
	err := f.read(m.Data)
	kind, tick := Contradiction, int64(-1)
	if err == nil {
		tick = f.tick
	}
	switch {
	case r.isOver():
		kind, err = behindTheEnd(f, err), errors.New("a frame behind the end of its run")
	case err == nil:
		kind, err = r.follows(f, m.Seq)
	}
	if err != nil {
		r.broken = m.Seq
		r.hold(kind, m.Stream, m.Seq, tick, "%v", err)
		if kind == Gap && f.abandoned != "" {
			r.know(m.Stream, m.Seq)
		}
		return
	}
	r.add(f, m.Seq)
}

// isWhole tells whether a run has all its ticks when it has so many.
func (r *run) isWhole(ticks int64) bool {
	if !r.begun || r.ticks == 0 {
		return r.end && ticks == r.hashed
	}
	return ticks == r.ticks
}

// isOver tells whether no frame may follow.
func (r *run) isOver() bool { return r.difference != nil || r.isWhole(r.hashed) }

// behindTheEnd is the kind of a frame that follows the end of its run.
func behindTheEnd(f *frame, err error) Kind {
	if err == nil && f.abandoned == "" && f.difference == nil {
		return Repeat
	}
	return Contradiction
}

// follows tells why a frame is not the one that must come next.
func (r *run) follows(f *frame, seq uint64) (Kind, error) {
	switch {
	case f.RunKey != r.key:
		return Contradiction, fmt.Errorf("a frame of run %s on the subject of run %s", f.RunKey, r.key)
	case r.window.request != nil && f.request != r.window.request.sha256:
		return Contradiction, fmt.Errorf("a frame of request %.12s…, but the window is that of request %.12s…", f.request, r.window.request.sha256)
	case r.window.request != nil && seq <= r.window.request.After.Trace && !r.window.a.lost(events.StreamTrace, r.window.request.After.Trace, r.key.Window):
		return Contradiction, fmt.Errorf("a frame of a window that was requested when %s ended with %d", events.StreamTrace, r.window.request.After.Trace)
	case f.abandoned != "":
		return Gap, fmt.Errorf("the coordinator gave the run up: %s", f.abandoned)
	case r.window.request != nil && (f.firstTick != r.window.request.FirstTick || f.ticks != r.window.request.Ticks):
		q := r.window.request
		return Contradiction, fmt.Errorf("a run of %d ticks from tick %d, but the window asks for %d from tick %d", f.ticks, f.firstTick, q.Ticks, q.FirstTick)
	case !r.begun:
		r.begun, r.first, r.ticks = true, f.firstTick, f.ticks
	case f.firstTick != r.first || f.ticks != r.ticks:
		return Contradiction, fmt.Errorf("a run of %d ticks from tick %d, which before was one of %d from tick %d", f.ticks, f.firstTick, r.ticks, r.first)
	}
	tick, next, total := r.first+r.hashed, int64(0), f.total
	if r.part != nil {
		next, total = r.part.next, r.part.total
	}
	switch {
	case f.tick == tick && f.difference != nil:
	case f.tick < tick || f.tick == tick && f.first < next:
		return Repeat, fmt.Errorf("event %d of tick %d again, where event %d of tick %d belongs", f.first, f.tick, next, tick)
	case f.tick > tick || f.first > next:
		return Gap, fmt.Errorf("event %d of tick %d where event %d of tick %d belongs", f.first, f.tick, next, tick)
	case f.total != total:
		return Contradiction, fmt.Errorf("tick %d of %d events, which before was one of %d", f.tick, f.total, total)
	}
	return "", nil
}

// add hashes a frame, and closes its tick when it is the last of it.
func (r *run) add(f *frame, seq uint64) {
	a := r.window.a
	resumed := r.place(f)
	r.collect(f, seq)
	if f.difference != nil { // digests speak of whole ticks
		r.difference, r.endSeq, r.part = f.difference, seq, nil
		return
	}
	r.end = f.end
	for i := range f.entries {
		e := &f.entries[i]
		forecast := e.lane == "forecast"
		r.hash.add(e.event, e.result, forecast)
		r.tick.add(e.event, e.result, forecast)
		if r.hashed < looked {
			r.went.add(e.status)
		}
	}
	r.window.count.Events += int64(len(f.entries))
	r.plan(f, seq, f.first+int64(len(f.entries)) == f.total)
	if r.part == nil {
		r.part = &part{total: f.total, firstSeq: seq}
	}
	r.part.resumed = r.part.resumed || resumed
	if r.part.next = f.first + int64(len(f.entries)); r.part.next < f.total {
		return
	}
	if a.tail || r.lost {
		r.tailSeq = cmp.Or(r.tailSeq, r.part.firstSeq)
	} else {
		t := wholeTick{tickDigest{Tick: f.tick, Events: f.total, hashes: r.tick.sums(), FirstSeq: r.part.firstSeq, LastSeq: seq, Resumed: r.part.resumed}, r.hash.marks()}
		r.pending = append(r.pending, t)
		a.waiting++
	}
	r.settle(seq, f.tick)
	r.tick.begin()
	r.part = nil
	r.hashed++
	r.window.count.Ticks++
}

// cover takes the first n ticks off those that wait for their digest.
func (r *run) cover(n int) {
	if n == 0 {
		return
	}
	last := r.pending[n-1]
	r.coveredSeq, r.base = last.LastSeq, last.marks
	r.covered += int64(n)
	r.pending = slices.Delete(r.pending, 0, n)
	r.window.a.waiting -= n
}

// uncovered returns the first frame that is in no digest, and its tick; 0 when there
// is none.
func (r *run) uncovered() (seq uint64, tick int64) {
	tick = r.first + r.covered
	switch {
	case r.lost || r.final != nil && r.final.Problem != nil:
		return 0, 0
	case len(r.pending) > 0:
		return r.pending[0].FirstSeq, tick
	case r.tailSeq > 0:
		return r.tailSeq, tick
	case r.part != nil:
		return r.part.firstSeq, tick
	case r.broken > 0:
		return r.broken, -1
	}
	return 0, 0
}

// rest lets go of the ticks that no digest covers.
func (r *run) rest() {
	if len(r.pending) > 0 {
		r.tailSeq = r.pending[0].FirstSeq
		r.window.a.waiting -= len(r.pending)
		r.pending = nil
	}
}

// past is what must be kept of the run when its window was judged.
func (r *run) past() past {
	p := past{broken: r.broken, open: r.final == nil || r.final.Problem != nil, disputed: r.window.a.past[r.key].disputed}
	for _, f := range r.held {
		if f.Stream == events.StreamDigest {
			p.disputed = max(p.disputed, f.Seq)
		}
	}
	return p
}
