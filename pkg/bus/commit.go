package bus

import (
	"context"
	"slices"
	"time"
)

// How a group commits in batches, where pace.go finds that they pay.
//
// While the server commits a batch, the next one is sent, all but its last message, so that
// the server need not wait for it then. Its guards are the sequences that the batch before
// will have, as long as nobody else writes. When that batch is there, and has them, the last
// message is sent, which commits; else it is not, and the server forgets the rest.

const (
	aheadBatch = MaxBatch / 2      // messages, …
	aheadBytes = MaxBatchBytes / 2 // … or bytes, that are worth being sent ahead

	// Batches that are committed one after the other when one was sent in vain, each time
	// twice as many.
	minApart = 16
	maxApart = 4096
)

// load is what goes into one batch.
type load struct {
	ctx     context.Context
	writers []*Writer
	items   []Item
	size    int    // bytes of the items
	first   uint64 // sequence that the first item will have, if nobody else writes
	ahead   bool   // it was sent ahead, and hangs on that
	began   time.Time
	staged  *staged // what the server has of it
	err     error   // why it could not be sent, or committed
}

// waiting is how many messages wait to be sent.
func (g *Group) waiting() (messages int) {
	for _, w := range g.ready {
		messages += len(w.shots) - w.flying
	}
	return messages
}

// worthBatch tells whether enough waits for a batch. When writers wait too, it is as much as
// there will be.
func (g *Group) worthBatch() bool {
	n := g.waiting()
	return n >= g.pace.enough() || g.blocked > 0 && n >= minBatch
}

// aheadWaits tells whether enough waits for a batch to be sent ahead.
func (g *Group) aheadWaits() bool {
	return g.alone == 0 && g.end > 0 && (g.waiting() >= aheadBatch || g.queued-g.loaded >= aheadBytes)
}

// commit writes what is queued, batch after batch, until nothing is or the group wants to
// see whether batches are still what it needs.
func (g *Group) commit() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for now := g.next(); now != nil; {
		ahead := g.finish(now)
		if ahead == nil {
			ahead = g.next()
		}
		now = ahead
	}
	g.batching = false
	g.pump()
}

// next sends a batch that hangs on no other one.
func (g *Group) next() *load {
	if !g.pace.pays || g.pace.probing > 0 || !g.worthBatch() {
		return nil
	}
	return g.load(0)
}

// load takes a batch off the queues, of each writer the same number, so that none waits for
// long, and sends it, all but its last message. behind is the last sequence of the stream
// when it will be committed, if the batch hangs on the one before, else 0.
func (g *Group) load(behind uint64) *load {
	l := &load{ahead: behind > 0, began: time.Now()}
	for _, w := range g.ready {
		if w.listed = w.flying < len(w.shots) && !w.broken && !w.mending; w.listed { // else it lists itself when it can
			l.writers = append(l.writers, w)
		}
	}
	g.ready = slices.Clone(l.writers)
	if len(l.writers) == 0 {
		return nil
	}
	l.ctx = l.writers[0].ctx
	if l.first = g.end + 1; l.ahead {
		l.first = behind + 1
	}
	for more := true; more; {
		more = false
		for _, w := range l.writers {
			if w.flying == len(w.shots) || len(l.items) == MaxBatch || l.size >= MaxBatchBytes {
				continue
			}
			s := w.shots[w.flying]
			w.flying++
			l.items = append(l.items, Item{Subject: w.subject, Last: w.behind, Data: s.data})
			w.behind = l.first + uint64(len(l.items)) - 1
			l.size += len(s.data)
			more = true
		}
	}
	g.loaded += l.size
	g.mu.Unlock()
	defer g.mu.Lock()
	l.staged, l.err = g.b.stage(l.items, behind)
	return l
}

// finish commits a load, and sends the next one meanwhile if enough is there.
func (g *Group) finish(now *load) (ahead *load) {
	if now.ahead {
		now.began = time.Now()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if now.err == nil {
			now.err = now.staged.commit(now.ctx)
		}
	}()
	for committed := false; !committed; {
		if ahead == nil && g.aheadWaits() {
			ahead = g.load(now.first + uint64(len(now.items)) - 1)
		}
		g.mu.Unlock()
		select {
		case <-done:
			committed = true
		case <-g.more:
		}
		g.mu.Lock()
	}
	if now.err == nil {
		g.pace.tookBatch(len(now.items), time.Since(now.began))
	}
	g.settle(now)
	if ahead != nil && (now.err != nil || g.end != ahead.first-1) {
		g.forget(ahead)
		return nil
	}
	return ahead
}

// settle notes what became of a load that was committed, or could not be. What was refused
// because somebody else wrote between is sent again; other refusals are looked into one by one.
func (g *Group) settle(l *load) {
	if l.err != nil && l.ahead && isAnswer(l.err) {
		g.forget(l)
		return
	}
	if l.err != nil {
		g.mu.Unlock()
		g.b.insteadOfBatch(l.ctx, l.items, l.err, make(map[string]error))
		g.mu.Lock()
	}
	g.loaded -= l.size
	for _, w := range l.writers {
		w.committed(l.items)
	}
	for i := range l.items {
		g.end = max(g.end, l.items[i].Seq)
	}
	g.apart, g.alone = max(minApart, g.apart/2), max(0, g.alone-1)
}

// forget lets the messages of a load that was sent in vain be sent again.
func (g *Group) forget(l *load) {
	g.loaded -= l.size
	for _, w := range l.writers {
		w.flying, w.behind = 0, w.last
		g.list(w)
	}
	g.alone, g.apart = g.apart, min(2*g.apart, maxApart)
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
	if w.flying -= min(n, w.flying); w.flying == 0 {
		w.behind = w.last
	}
	if w.drop(n); err != nil {
		w.fail(err)
	}
	if len(w.shots) == 0 {
		w.listed = false
		w.g.ready = slices.DeleteFunc(w.g.ready, func(other *Writer) bool { return other == w })
	}
}
