package bench

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// The bus alone: nothing here learns or adapts, so that the yardstick stays what it is. A
// turn tries every way that there is, and the fastest of them counts.

// way is how the frames of a window are appended: in atomic batches of so many, one after
// the other, or one by one with so many on their way.
type way struct {
	batches bool
	size    int
}

// ways are those that are tried, by when the server syncs. Others (32 and 2048 on their way,
// batches of 100 and 500) were slower in each setting, or faster by less than two runs differ.
var ways = map[Sync][]way{
	SyncInterval: {{false, 128}, {false, 512}},
	SyncAlways:   {{true, 250}, {true, 1000}},
}

const wayFormat = "by-%d-%t"

func (w way) String() string { return fmt.Sprintf(wayFormat, w.size, w.batches) }

func wayOf(text string) (w way, err error) {
	if _, err = fmt.Sscanf(text, wayFormat, &w.size, &w.batches); err != nil || w.size < 1 {
		return w, fmt.Errorf("way %q: want %s", text, wayFormat)
	}
	return w, nil
}

// encodeRun returns the frames of a run of so many ticks. Each is one tick.
func encodeRun(n emptyTasks, ticks int64) (frames [][]byte, err error) {
	s, err := n.Scheduler()
	if err != nil {
		return nil, err
	}
	p := events.Position{Request: canon.Sum(nil).String(), RunKey: events.RunKey{Pipeline: n.pipeline(), Window: 1}, Ticks: ticks}
	var encoder events.FrameEncoder
	for i := range ticks {
		t, err := s.Tick(context.Background(), i, n.budgets(), nil)
		if err != nil {
			return nil, err
		}
		const whole = 1 << 30
		err = encoder.Encode(p, &t.Tick, whole, func(frame []byte, _ int) error {
			frames = append(frames, append([]byte(nil), frame...))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return frames, nil
}

// publisher stands in for the coordinator: it takes windows off the queue and appends
// the frames of their runs with the same guards, but has made them before.
type publisher struct {
	bus *bus.Bus

	mu     sync.Mutex
	frames map[madeFor][][]byte // of one run; the frames of the others are as long
}

type madeFor struct {
	tasks emptyTasks
	ticks int64
}

func (p *publisher) run(ctx context.Context) error {
	err := p.bus.Work(ctx, bus.Windows(kind, ""), 1, p.window)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (p *publisher) window(ctx context.Context, item bus.WorkItem) error {
	messages, w, err := p.messages(ctx, item)
	if err != nil {
		return fmt.Errorf("%w: %w", bus.ErrDrop, err)
	}
	if w.batches {
		return p.inBatches(ctx, messages, w.size)
	}
	return p.inFlight(ctx, messages, w.size)
}

// message is one to be appended where nobody else writes: the sequences are known.
type message struct {
	subject string
	data    []byte
	behind  uint64 // sequence of the last message on its subject
	seq     uint64 // that it will have
}

// messages are all of a window, tick by tick.
func (p *publisher) messages(ctx context.Context, item bus.WorkItem) (all []message, w way, err error) {
	var r events.WindowRequest
	if err := events.Decode(item.Data, &r); err != nil {
		return nil, w, err
	}
	n, text, err := tasksOf(r.Pipeline)
	if err == nil {
		w, err = wayOf(text)
	}
	if err != nil {
		return nil, w, err
	}
	frames, err := p.make(n, r.Ticks)
	if err != nil {
		return nil, w, err
	}
	seq, err := p.bus.LastSeq(ctx, events.StreamTrace)
	if err != nil {
		return nil, w, err
	}
	subjects, last := make([]string, r.Runs), make([]uint64, r.Runs)
	for run := range subjects {
		subjects[run] = events.TraceSubject(events.RunKey{Pipeline: r.Pipeline, Window: item.Seq, Run: run})
	}
	all = make([]message, 0, len(frames)*r.Runs)
	for _, frame := range frames {
		for run, subject := range subjects {
			seq++
			all = append(all, message{subject, frame, last[run], seq})
			last[run] = seq
		}
	}
	return all, w, nil
}

// make returns the frames of a run, which only the first window of its size has to wait
// for.
func (p *publisher) make(n emptyTasks, ticks int64) ([][]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := madeFor{n, ticks}
	if p.frames[key] == nil {
		frames, err := encodeRun(n, ticks)
		if err != nil {
			return nil, err
		}
		p.frames = map[madeFor][][]byte{key: frames} // those before are not needed again
	}
	return p.frames[key], nil
}

// inFlight appends messages with at most so many on their way.
func (p *publisher) inFlight(ctx context.Context, messages []message, most int) error {
	nc := p.bus.JetStream().Conn()
	inbox, acks := nc.NewInbox(), make(chan *nats.Msg, most)
	sub, err := nc.ChanSubscribe(inbox, acks)
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	for i := range len(messages) + most {
		if i >= most && i-most < len(messages) {
			select {
			case ack := <-acks:
				if !bytes.HasPrefix(ack.Data, []byte(`{"stream"`)) {
					return fmt.Errorf("not stored: %s %s", ack.Header.Get("Status"), ack.Data)
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if i >= len(messages) {
			continue
		}
		m := messages[i]
		err := nc.PublishMsg(&nats.Msg{Subject: m.subject, Data: m.data, Reply: inbox, Header: nats.Header{
			jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(m.behind, 10)},
			jetstream.ExpectedLastSeqHeader:     {strconv.FormatUint(m.seq-1, 10)},
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// inBatches appends messages in atomic batches of so many, or of as much as one may hold.
func (p *publisher) inBatches(ctx context.Context, messages []message, size int) error {
	for len(messages) > 0 {
		n, bytes := 0, 0
		for n < min(size, len(messages)) && bytes < bus.MaxBatchBytes {
			bytes += len(messages[n].data)
			n++
		}
		if err := p.batch(ctx, messages[:n]); err != nil {
			return err
		}
		messages = messages[n:]
	}
	return nil
}

func (p *publisher) batch(ctx context.Context, messages []message) error {
	batch, err := jetstreamext.NewBatchPublisher(p.bus.JetStream(), jetstreamext.BatchFlowControl{})
	if err != nil {
		return err
	}
	first := messages[0].seq
	for i, m := range messages {
		var guard []jetstreamext.BatchMsgOpt
		if m.behind < first { // the first on its subject
			guard = append(guard, jetstreamext.WithBatchExpectLastSequencePerSubject(m.behind))
		}
		if i < len(messages)-1 {
			err = batch.Add(m.subject, m.data, guard...)
		} else {
			_, err = batch.Commit(ctx, m.subject, m.data, guard...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
