package bus

import (
	"context"
	"sync"
	"time"
)

// A Group commits the appends of many writers on one stream, as fast as the server
// allows. Each message is guarded like those of [Bus.Append], and yet many are on
// their way at once:
//
//   - As long as nobody else writes to the stream, the next message on a subject is sent
//     before the one in front of it is acknowledged, and is let in only right behind what
//     the group sent before it. Where somebody else's message came between, it is kept out
//     and sent again. See pipeline.go. In a cluster one message of each writer is on its way.
//   - A server that syncs to disk before each acknowledgement takes a batch of
//     messages in the time of a few. There the group commits in batches what has
//     gathered. Which it is the group learns from how long acknowledgements take. See
//     commit.go.
//
// A single message is sent at once in either case. A Group may be used from any
// goroutine. It listens for acknowledgements for as long as the bus is open.
type Group struct {
	b *Bus

	mu    sync.Mutex
	ready []*Writer // with something to be sent, in the order in which they came
	spare []*shot   // to be used again

	// Messages on their way; see pipeline.go.
	inbox    string
	flight   [maxFlight]*shot // by ordinal modulo maxFlight
	inFlight int
	sent     uint64 // messages sent, which is the ordinal of the last
	watching bool
	chain    uint64 // number of the chain …
	link     string // … and the id of its last message; "": it has none yet
	broken   uint64 // how many had been sent when a chain broke last …
	calm     uint64 // … and when the next may begin
	pause    uint64 // how many messages are between, the next time
	right    uint64 // messages stored since a chain broke

	// Batches; see commit.go.
	pace     pace          // tells whether they pay
	batching bool          // somebody commits them
	more     chan struct{} // tells whoever does that enough waits for the next one
	blocked  int           // writers whose queue is full
	queued   int           // bytes of all messages of all writers …
	loaded   int           // … and of those in batches that are on their way
	end      uint64        // the last sequence that a message of the group has got
	alone    int           // batches until the next may be sent ahead …
	apart    int           // … and how many that is, the next time
}

// NewGroup returns a group for writers on one stream.
func (b *Bus) NewGroup() *Group {
	return &Group{b: b, pause: minPause, pace: newPace(b.roundTrip()), more: make(chan struct{}, 1), apart: minApart}
}

// A Writer appends to one subject, each message behind the one before. It is used
// from one goroutine. Make one with [Group.Writer].
type Writer struct {
	g               *Group
	subject, stream string

	// What follows is guarded by g.mu.
	ctx     context.Context // of the last Append
	shots   []*shot         // in order: those on their way, then those to be sent
	flying  int             // shots on their way
	size    int             // bytes of all shots
	last    uint64          // sequence of the subject's last message
	behind  uint64          // the same when the batch that is on its way is there
	chain   uint64          // of the last message that was sent; 0: none
	listed  bool            // in g.ready
	broken  bool            // a shot did not arrive: nothing is sent behind it
	mending bool            // somebody finds out what became of the shots
	err     error           // nothing will be sent any more
	foreign error           // a stream of others acknowledged a shot
	room    *sync.Cond      // shots became fewer
}

// What may wait in one writer. Append blocks until there is half of it again, so that
// writer and committer do not wake each other for every message.
const (
	maxQueued     = 256
	maxQueuedSize = 1 << 20
)

// Writer returns a writer whose first message stands behind sequence last (0: none).
func (g *Group) Writer(subject string, last uint64) *Writer {
	stream, err := streamOf(subject)
	return &Writer{g: g, subject: subject, stream: stream, err: err, last: last, behind: last, room: sync.NewCond(&g.mu)}
}

// Append appends a message, as [Bus.Append] does. It may return before the message
// is on the stream; an error is then returned by a later call. data is the caller's
// again when it returns.
//
// Commit point: the messages reach the stream in order, each whole or not at all. A
// crash loses those that are waiting; what the stream has then is the run up to some
// message, and resuming makes the others again.
func (w *Writer) Append(ctx context.Context, data []byte) error {
	g := w.g
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(w.shots) > 0 && !w.fits(len(data), 1) {
		g.blocked++
		g.pump()
		w.wait(func() bool { return w.fits(len(data), 2) })
		g.blocked--
	}
	if w.err != nil {
		return w.err
	}
	s := g.newShot()
	s.w, s.data = w, append(s.data[:0], data...)
	w.ctx = ctx
	w.shots = append(w.shots, s)
	w.size += len(data)
	g.queued += len(data)
	g.list(w)
	g.pump()
	return nil
}

// fits tells whether more data keeps the writer's queue below its bounds, divided by
// part.
func (w *Writer) fits(more, part int) bool {
	return len(w.shots) < maxQueued/part && w.size+more <= maxQueuedSize/part
}

// wait waits until enough has been appended, or nothing more will be.
func (w *Writer) wait(enough func() bool) {
	for w.err == nil && len(w.shots) > 0 && !enough() {
		w.room.Wait()
	}
}

// Flush waits until everything that was appended is on the stream and returns the
// sequence of the last message, or the error that kept it from getting there.
func (w *Writer) Flush() (last uint64, err error) {
	w.g.mu.Lock()
	defer w.g.mu.Unlock()
	w.wait(func() bool { return false })
	return w.last, w.err
}

// shot is a message of a writer, from Append until it is known to be on the stream.
type shot struct {
	w       *Writer
	data    []byte // our own copy
	ordinal uint64 // among all that the group has sent
	sentAt  time.Time
	breaks  uint64 // Bus.breaks when it was sent
	state   shotState
	seq     uint64 // when stored
}

type shotState uint8

const (
	flying  shotState = iota
	stored            // acknowledged
	refused           // the server says that it is not the next one of its subject
	astray            // the server says that it does not come behind the one of its chain
	unsent            // it was not stored, for another reason
	lost              // it may have been stored
	foreign           // a stream of others acknowledged it
)

// maxSpare bounds what is kept of large messages.
const maxSpare = 64 << 10

func (g *Group) newShot() *shot {
	n := len(g.spare)
	if n == 0 {
		return new(shot)
	}
	s := g.spare[n-1]
	g.spare = g.spare[:n-1]
	return s
}

// drop takes the writer's first n shots away.
func (w *Writer) drop(n int) {
	for i, s := range w.shots[:n] {
		w.size -= len(s.data)
		w.g.queued -= len(s.data)
		w.shots[i] = nil
		if cap(s.data) <= maxSpare && len(w.g.spare) < maxFlight {
			*s = shot{data: s.data[:0]}
			w.g.spare = append(w.g.spare, s)
		}
	}
	w.shots = w.shots[n:]
	w.room.Signal()
}

// fail ends the writer.
func (w *Writer) fail(err error) {
	w.err = err
	w.drop(len(w.shots))
	w.flying = 0
}

// list puts a writer that has something to be sent on the list.
func (g *Group) list(w *Writer) {
	if !w.listed && w.flying < len(w.shots) {
		w.listed = true
		g.ready = append(g.ready, w)
	}
}

// sendable tells whether a message of the writer can be sent now.
func (w *Writer) sendable() bool {
	return w.flying < len(w.shots) && !w.broken && !w.mending && (w.flying == 0 || w.chain == w.g.chain)
}

// pump sends what can be sent: of each writer one message in turn, so that all get on
// alike.
func (g *Group) pump() {
	if g.batching {
		if g.aheadWaits() {
			select {
			case g.more <- struct{}{}:
			default:
			}
		}
		return
	}
	most := maxFlight
	switch {
	case g.pace.probing > 0:
		most = 1
	case g.pace.pays && g.worthBatch():
		if g.inFlight == 0 {
			g.batching = true
			go g.commit()
		}
		return
	case g.pace.pays:
		most = minBatch
	}
	for g.inFlight < most && g.flight[(g.sent+1)%maxFlight] == nil && len(g.ready) > 0 {
		w := g.ready[0]
		g.ready[0] = nil
		g.ready = g.ready[1:]
		w.listed = false
		if w.sendable() {
			g.send(w)
			g.list(w)
		}
	}
}
