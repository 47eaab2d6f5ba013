package bus

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"
)

// A Group commits the appends of many writers together where that is worth it. A
// server that syncs to disk before each acknowledgement takes a batch of messages in
// the time of one; a server that does not takes single messages faster than batches.
// Which it is the group learns from how long acknowledgements take.
type Group struct {
	b *Bus

	mu      sync.Mutex
	slow    bool          // acknowledgements wait for the disk: commit in batches
	fastest time.Duration // of the appends since seen was 0
	seen    int           // appends measured
	waiting []*Writer     // that have something queued, in the order in which they came
	running bool          // somebody is committing
}

// A group changes its mind after as many single appends, by the fastest of them: the
// slowest say more about this process than about the server.
const (
	measured      = 32
	slowAppend    = time.Millisecond
	maxQueued     = 128     // appends of one writer that may wait …
	maxQueuedSize = 1 << 20 // … and their bytes
)

// NewGroup returns a group for writers on one stream.
func (b *Bus) NewGroup() *Group { return &Group{b: b} }

// A Writer appends to one subject, each message behind the one before. It is used
// from one goroutine. Make one with [Group.Writer].
type Writer struct {
	g       *Group
	subject string
	last    uint64 // sequence of the last message that is on the stream

	queue []Item // guarded by g.mu, as is what follows
	size  int
	err   error
	done  *sync.Cond // something of the queue was committed
}

// Writer returns a writer whose first message stands behind sequence last (0: none).
func (g *Group) Writer(subject string, last uint64) *Writer {
	return &Writer{g: g, subject: subject, last: last, done: sync.NewCond(&g.mu)}
}

// Append appends a message, as [Bus.Append] does. It may return before the message
// is on the stream; an error is then returned by a later call. data is the caller's
// again when it returns.
//
// Commit point: the messages reach the stream in order, each whole or not at all. A
// crash loses those that are queued; what the stream has then is the run up to some
// message, and resuming makes the others again.
func (w *Writer) Append(ctx context.Context, data []byte) error {
	w.g.mu.Lock()
	slow, failed := w.g.slow || len(w.queue) > 0, w.err
	w.g.mu.Unlock()
	if failed != nil {
		return failed
	}
	if !slow {
		began := time.Now()
		seq, err := w.g.b.Append(ctx, w.subject, w.last, data)
		if err != nil {
			w.g.mu.Lock()
			defer w.g.mu.Unlock()
			w.err = err
			return err
		}
		w.last = seq
		w.g.measure(time.Since(began))
		return nil
	}
	return w.enqueue(ctx, bytes.Clone(data))
}

// measure learns from how long a single append took.
func (g *Group) measure(took time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen == 0 || took < g.fastest {
		g.fastest = took
	}
	if g.seen++; g.seen == measured || g.slow {
		g.slow = g.fastest > slowAppend
		g.seen = 0
	}
}

// enqueue puts a message on the writer's queue, and commits if nobody else does.
func (w *Writer) enqueue(ctx context.Context, data []byte) error {
	g := w.g
	g.mu.Lock()
	defer g.mu.Unlock()
	for w.err == nil && len(w.queue) > 0 && (len(w.queue) >= maxQueued || w.size+len(data) > maxQueuedSize) {
		w.done.Wait()
	}
	if w.err != nil {
		return w.err
	}
	if len(w.queue) == 0 {
		g.waiting = append(g.waiting, w)
	}
	w.queue = append(w.queue, Item{Subject: w.subject, Last: w.last, Data: data})
	w.size += len(data)
	if !g.running {
		g.running = true
		go g.commit(ctx)
	}
	return nil
}

// commit writes what is queued, batch after batch, until nothing is.
func (g *Group) commit(ctx context.Context) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.waiting) > 0 {
		writers, items := g.take()
		g.mu.Unlock()
		began := time.Now()
		g.b.AppendAll(ctx, items)
		took := time.Since(began)
		if len(items) == 1 && items[0].Err == nil {
			g.measure(took)
		}
		g.mu.Lock()
		for _, w := range writers {
			w.settle(items)
		}
	}
	g.running = false
}

// take takes a batch off the queues: of each writer the same number, so that none
// waits for long.
func (g *Group) take() (writers []*Writer, items []Item) {
	writers = slices.Clone(g.waiting)
	size := 0
	for i := 0; len(items) < MaxBatch && size < MaxBatchBytes; i++ {
		before := len(items)
		for _, w := range writers {
			if i < len(w.queue) && len(items) < MaxBatch {
				items = append(items, w.queue[i])
				size += len(w.queue[i].Data)
			}
		}
		if len(items) == before {
			break
		}
	}
	return writers, items
}

// settle takes what was committed off a writer's queue.
func (w *Writer) settle(items []Item) {
	n := 0
	for i := range items {
		if items[i].Subject != w.subject {
			continue
		}
		if items[i].Err != nil {
			w.err, w.queue, n = items[i].Err, nil, 0
			break
		}
		w.last = items[i].Seq
		w.size -= len(items[i].Data)
		n++
	}
	w.queue = slices.Delete(w.queue, 0, n)
	for i := range w.queue {
		w.queue[i].Last = w.last
	}
	if len(w.queue) == 0 {
		w.size = 0
		w.g.waiting = slices.DeleteFunc(w.g.waiting, func(other *Writer) bool { return other == w })
	}
	w.done.Broadcast()
}

// Flush waits until everything that was appended is on the stream and returns the
// sequence of the last message, or the error that kept it from getting there.
func (w *Writer) Flush() (last uint64, err error) {
	w.g.mu.Lock()
	defer w.g.mu.Unlock()
	for w.err == nil && len(w.queue) > 0 {
		w.done.Wait()
	}
	return w.last, w.err
}
