package bus

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/events"
)

// ErrDrop wrapped in the error of a Work handler says that the window can never be
// run: it is taken off the queue. It stays in the stream.
var ErrDrop = errors.New("not to be tried again")

// WorkConsumer is the name of the durable consumer that coordinators share.
const WorkConsumer = "ers-coordinator"

const (
	ackWait     = 3 * time.Second
	maxNakDelay = 30 * time.Second
)

// WorkItem is one requested window.
type WorkItem struct {
	Message
	Deliveries uint64 // how often it was handed out, this time included
}

// Work takes requested windows off the queue that all coordinators share and calls
// handle with each, up to parallel at once, until ctx ends; it returns when all
// handlers have. While a handler runs the window is its own; a window whose holder
// dies comes back after 3 seconds. By the error of handle:
//
//   - nil: done, the window never comes back;
//   - one that wraps ErrDrop: the same, but the server counts it as terminated;
//   - any other: the window comes back after 1 s, 2 s, 4 s … up to 30 s; at once, to
//     another coordinator, when ctx has ended.
//
// A window can be handed out twice, as when its holder was cut off from the server:
// what a handler writes must be guarded.
func (b *Bus) Work(ctx context.Context, parallel int, handle func(context.Context, WorkItem) error) error {
	w := newWorker(b, parallel, handle)
	defer w.running.Wait()
	retry := retrier{b: b, what: "queue of windows"}
	for {
		if err := retry.pause(ctx, w.session(ctx)); err != nil {
			return err
		}
	}
}

type worker struct {
	b       *Bus
	handle  func(context.Context, WorkItem) error
	slots   chan struct{} // one per handler that may run
	running sync.WaitGroup

	mu   sync.Mutex
	held map[uint64]jetstream.Msg // by stream sequence: the newest delivery of each window in hand
}

func newWorker(b *Bus, parallel int, handle func(context.Context, WorkItem) error) *worker {
	return &worker{b: b, handle: handle, slots: make(chan struct{}, max(parallel, 1)), held: map[uint64]jetstream.Msg{}}
}

// session hands out windows until the queue fails.
func (w *worker) session(ctx context.Context) error {
	create, cancel := context.WithTimeout(ctx, apiTimeout)
	c, err := w.b.js.CreateOrUpdateConsumer(create, events.StreamWindow, jetstream.ConsumerConfig{
		Durable:       WorkConsumer,
		Description:   "windows to run",
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       ackWait,
		MaxDeliver:    -1,
		MaxAckPending: -1,
	})
	cancel()
	if err != nil {
		return err
	}
	// One at a time: what is fetched ahead would wait here while others are idle.
	it, err := c.Messages(jetstream.PullMaxMessages(1), heartbeat, jetstream.WithMessagesErrOnMissingHeartbeat(false))
	if err != nil {
		return err
	}
	defer it.Stop()
	for {
		select {
		case w.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		m, err := it.Next(jetstream.NextContext(ctx))
		if err != nil {
			<-w.slots
			return err
		}
		w.start(ctx, m)
	}
}

// start runs the handler with a message, unless the window is in hand already: then
// the server gave up on us too early, and the newer delivery takes the place of the
// older.
func (w *worker) start(ctx context.Context, m jetstream.Msg) {
	meta, err := m.Metadata()
	if err != nil {
		<-w.slots
		w.b.log.Error().Err(err).Msg("queue of windows: message without metadata")
		return
	}
	seq := meta.Sequence.Stream
	w.mu.Lock()
	_, inHand := w.held[seq]
	w.held[seq] = m
	w.mu.Unlock()
	if inHand {
		<-w.slots
		return
	}
	item := WorkItem{
		Message:    Message{Stream: events.StreamWindow, Subject: m.Subject(), Seq: seq, Data: m.Data()},
		Deliveries: meta.NumDelivered,
	}
	w.running.Go(func() {
		defer func() { <-w.slots }()
		w.run(ctx, item)
	})
}

// run calls the handler while telling the server that we are at it.
func (w *worker) run(ctx context.Context, item WorkItem) {
	done := make(chan error, 1)
	go func() { done <- w.handle(ctx, item) }()
	beat := time.NewTicker(ackWait / 3)
	defer beat.Stop()
	for {
		select {
		case err := <-done:
			w.finish(ctx, item, err)
			return
		case <-beat.C:
			w.tell(item, jetstream.Msg.InProgress)
		}
	}
}

// finish tells the server how it went. When what we say is lost the window comes
// back, and its next holder finds that its runs are there.
func (w *worker) finish(ctx context.Context, item WorkItem, err error) {
	switch {
	case err == nil:
		w.tell(item, jetstream.Msg.Ack)
	case errors.Is(err, ErrDrop):
		w.tell(item, func(m jetstream.Msg) error { return m.TermWithReason(err.Error()) })
	case ctx.Err() != nil:
		w.tell(item, jetstream.Msg.Nak)
	default:
		delay := min(time.Second<<min(item.Deliveries-1, 10), maxNakDelay)
		w.tell(item, func(m jetstream.Msg) error { return m.NakWithDelay(delay) })
	}
	w.mu.Lock()
	delete(w.held, item.Seq)
	w.mu.Unlock()
}

func (w *worker) tell(item WorkItem, say func(jetstream.Msg) error) {
	w.mu.Lock()
	m := w.held[item.Seq]
	w.mu.Unlock()
	if err := say(m); err != nil {
		w.b.log.Warn().Err(err).Uint64("window", item.Seq).Msg("queue of windows: the server was not told")
	}
}
