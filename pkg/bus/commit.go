package bus

import (
	"slices"
	"time"
)

// How a group commits: behind each other through the pipeline, or in batches.

const (
	probes = 16 // lone appends that tell how the server commits

	// Batches, or messages that came slowly one by one, after which the group probes
	// again, in case that it was this process that was slow: each time twice as many,
	// as long as the answer is the same.
	firstLook = 16
	maxLook   = 4096

	// An append is slow when it takes longer than a message there and back, and this,
	// and this for each byte.
	slowAppend = 100 * time.Microsecond
	slowByte   = 2 * time.Nanosecond

	// A batch takes as long as this many appends that are synced one by one, or more:
	// the server makes files for it, and some disks are slow at that.
	minBatch = 16
)

// worthBatch tells whether enough is waiting for a batch.
func (g *Group) worthBatch() bool {
	n := 0
	for _, w := range g.ready {
		n += len(w.shots) - w.flying
	}
	return n >= g.enough()
}

// enough is how many messages are worth a batch: as many as are synced one by one in
// the time that the fastest one took since the group probed.
func (g *Group) enough() int {
	if g.fastest <= 0 {
		return minBatch
	}
	return max(minBatch, int(min(g.batchTook/g.fastest, MaxBatch)))
}

// took notes how long a batch took.
func (g *Group) took(d time.Duration) {
	if g.batchTook == 0 || d < g.batchTook {
		g.batchTook = d
	}
}

// measure learns from how long an append of so many bytes took that had the server to
// itself: the fastest of some, since the slowest say more about this process.
func (g *Group) measure(took time.Duration, size int) {
	if g.probing == 0 || g.inFlight > 1 {
		return
	}
	took -= g.roundTrip + time.Duration(size)*slowByte
	if g.probing == probes || took < g.fastest {
		g.fastest = took
	}
	if g.probing--; g.probing > 0 {
		return
	}
	slow := g.fastest > slowAppend
	if slow == g.slow {
		g.look = min(2*g.look, maxLook)
	} else {
		g.look = firstLook
	}
	g.slow, g.commits, g.batchTook = slow, 0, 0
}

// doubt makes a group probe again whose messages go one by one, and slowly, or too few
// at a time for a batch.
func (g *Group) doubt() {
	switch {
	case g.probing > 0:
		return
	case g.slow:
		g.committed()
		return
	case g.inFlight == 0:
		g.commits = 0 // what comes next may come when it likes
		return
	case g.commits == 0:
		g.mark = time.Now()
	}
	if g.commits++; g.commits < g.look {
		return
	}
	if time.Since(g.mark) > time.Duration(g.look)*slowAppend {
		g.probing = probes
	}
	g.commits = 0
}

// roundTrip is how long a message to the server and back takes, at best.
func (b *Bus) roundTrip() (best time.Duration) {
	began := time.Now()
	for i := 0; i < 50 && time.Since(began) < 10*time.Millisecond; i++ {
		if rtt, err := b.nc.RTT(); err == nil && (best == 0 || rtt < best) {
			best = rtt
		}
	}
	return best
}

// commit writes what is queued, batch after batch, until nothing is or the group
// wants to see whether batches are still what it needs.
func (g *Group) commit() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.slow && g.probing == 0 && g.worthBatch() {
		writers, items := g.take()
		if len(writers) == 0 {
			break // they list themselves again
		}
		ctx := writers[0].ctx
		g.mu.Unlock()
		began := time.Now()
		g.b.AppendAll(ctx, items)
		took := time.Since(began)
		g.mu.Lock()
		g.took(took)
		g.predicting = false // what was sent so has not been counted
		for _, w := range writers {
			w.committed(items)
		}
		g.committed()
	}
	g.batching = false
	g.pump()
}

// committed counts what a slow group has committed, and makes it probe again now and
// then.
func (g *Group) committed() {
	if g.commits++; g.commits >= g.look {
		g.probing = probes
	}
}

// take takes a batch off the queues: of each writer the same number, so that none
// waits for long.
func (g *Group) take() (writers []*Writer, items []Item) {
	for _, w := range g.ready {
		if w.listed = w.sendable(); w.listed { // else it lists itself when it is again
			writers = append(writers, w)
		}
	}
	g.ready = slices.Clone(writers)
	size := 0
	for i := 0; len(items) < MaxBatch && size < MaxBatchBytes; i++ {
		before := len(items)
		for _, w := range writers {
			if i < len(w.shots) && len(items) < MaxBatch {
				items = append(items, Item{Subject: w.subject, Last: w.last, Data: w.shots[i].data})
				size += len(w.shots[i].data)
			}
		}
		if len(items) == before {
			break
		}
	}
	return writers, items
}

// committed takes what was committed off the writer's queue.
func (w *Writer) committed(items []Item) {
	n := 0
	var err error
	for i := range items {
		if items[i].Subject != w.subject {
			continue
		}
		if err = items[i].Err; err != nil {
			break
		}
		w.last = items[i].Seq
		n++
	}
	w.behind = w.last
	if w.drop(n); err != nil {
		w.fail(err)
	}
	if len(w.shots) == 0 {
		w.listed = false
		w.g.ready = slices.DeleteFunc(w.g.ready, func(other *Writer) bool { return other == w })
	}
}
