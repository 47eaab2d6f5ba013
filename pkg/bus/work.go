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
var ErrDrop = errors.New("it is not tried again")

// Queue is a part of ERS_WINDOW that several take in turns, each message one of them.
type Queue struct {
	Consumer string // durable, shared by all who take from the queue
	Filter   string // subjects of the messages

	// Start returns the sequence that the queue begins with where the consumer has to be
	// made: the first time, or when it was removed. nil is the first message.
	Start func(context.Context) (uint64, error)
}

// Windows is the queue of the windows of one kind of definitions and, unless it is
// empty, one pipeline: a coordinator takes only what it can run.
func Windows(kind, pipeline string) Queue {
	if pipeline == "" {
		return Queue{Consumer: "ers-coordinator-" + kind, Filter: events.WindowSubject(kind, "*")}
	}
	return Queue{Consumer: "ers-coordinator-" + kind + "-" + pipeline, Filter: events.WindowSubject(kind, pipeline)}
}

// Runs is the queue of the runs that are handed out one by one, of windows as in [Windows].
func Runs(kind, pipeline string) Queue {
	if pipeline == "" {
		return Queue{Consumer: "ers-runs-" + kind, Filter: events.HandoutFilter(kind, "*")}
	}
	return Queue{Consumer: "ers-runs-" + kind + "-" + pipeline, Filter: events.HandoutFilter(kind, pipeline)}
}

// Controls is the queue of control events of one verb.
func Controls(v events.Verb) Queue {
	return Queue{Consumer: "ers-" + string(v), Filter: "ers.control." + string(v) + ".*.*"}
}

const (
	ackWait     = 3 * time.Second
	maxNakDelay = 30 * time.Second
)

// WorkItem is one message of a queue.
type WorkItem struct {
	Message
	Deliveries uint64 // how often it was handed out, this time included
}

// Work takes messages off a queue, requested windows for example, and calls
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
func (b *Bus) Work(ctx context.Context, q Queue, parallel int, handle func(context.Context, WorkItem) error) error {
	w := newWorker(b, q, parallel, handle)
	defer w.running.Wait()
	retry := retrier{b: b, what: queueing(q.Consumer)}
	defer b.troubles.clear(retry.what)
	for {
		got := false
		err := w.session(ctx, &got)
		if got {
			retry.progress()
		}
		if err := retry.pause(ctx, err); err != nil {
			return err
		}
	}
}

type worker struct {
	b       *Bus
	queue   Queue
	handle  func(context.Context, WorkItem) error
	slots   chan struct{} // one per handler that may run
	running sync.WaitGroup

	mu   sync.Mutex
	held map[uint64]jetstream.Msg // by stream sequence: the newest delivery of each window in hand
}

func newWorker(b *Bus, q Queue, parallel int, handle func(context.Context, WorkItem) error) *worker {
	return &worker{b: b, queue: q, handle: handle, slots: make(chan struct{}, max(parallel, 1)), held: map[uint64]jetstream.Msg{}}
}

// session hands out windows until the queue fails. got is set when it has handed out one.
func (w *worker) session(ctx context.Context, got *bool) error {
	c, err := w.consumer(ctx)
	if err != nil {
		return err
	}
	w.b.troubles.clear(queueing(w.queue.Consumer))
	for {
		select {
		case w.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		m, err := take(ctx, c)
		if err != nil {
			<-w.slots
			return err
		}
		*got = true
		w.b.troubles.clear(queueing(w.queue.Consumer))
		w.start(ctx, m)
	}
}

func queueing(consumer string) string { return "queue " + consumer }

// consumer finds the queue's consumer, or makes it. One that was removed must not hand out
// again what was done long ago.
func (w *worker) consumer(ctx context.Context) (jetstream.Consumer, error) {
	look, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	look, done := w.b.heed(look, w.b.apiPrefix+"CONSUMER.INFO."+events.StreamWindow+"."+w.queue.Consumer)
	defer done()
	c, err := w.b.js.Consumer(look, events.StreamWindow, w.queue.Consumer)
	if !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return c, heeded(look, err)
	}
	config := jetstream.ConsumerConfig{
		Durable:       w.queue.Consumer,
		FilterSubject: w.queue.Filter,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       ackWait,
		MaxDeliver:    -1,
		MaxAckPending: -1,
	}
	if w.queue.Start != nil {
		start, err := w.queue.Start(ctx)
		if err != nil {
			return nil, err
		}
		config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, max(start, 1)
	}
	create, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	create, made := w.b.heed(create, w.b.createSubject(events.StreamWindow, ""))
	defer made()
	c, err = w.b.js.CreateConsumer(create, events.StreamWindow, config)
	if errors.Is(err, jetstream.ErrConsumerExists) {
		return w.b.js.Consumer(create, events.StreamWindow, w.queue.Consumer) // another was faster
	}
	return c, heeded(create, err)
}

// take takes one message: what is fetched ahead would wait here while others are idle.
// Each is asked for by itself. An iterator of the client that fetches one message at a
// time forgets now and then to ask for the next, when a message comes before it has
// noted that it asked, and notices when two heartbeats are missing.
func take(ctx context.Context, c jetstream.Consumer) (jetstream.Msg, error) {
	asking, stop := context.WithCancel(context.WithoutCancel(ctx)) // a deadline would be the request's too
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	for {
		batch, err := c.Fetch(1, jetstream.FetchContext(asking), jetstream.FetchHeartbeat(time.Second))
		if err != nil {
			return nil, err
		}
		for m := range batch.Messages() {
			return m, nil
		}
		switch err := batch.Error(); {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil && !errors.Is(err, jetstream.ErrNoHeartbeat) && !errors.Is(err, jetstream.ErrConsumerLeadershipChanged):
			return nil, err
		}
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
