package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/events"
)

// delivery is a message of the queue that notes what it is told.
type delivery struct {
	jetstream.Msg
	seq, count uint64

	mu   sync.Mutex
	told []string
	beat chan struct{} // gets one for each sign of life
}

func (d *delivery) tell(format string, v ...any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told = append(d.told, fmt.Sprintf(format, v...))
	return nil
}

func (d *delivery) Subject() string                        { return "ers.window.p" }
func (d *delivery) Data() []byte                           { return nil }
func (d *delivery) Ack() error                             { return d.tell("ack") }
func (d *delivery) Nak() error                             { return d.tell("nak") }
func (d *delivery) NakWithDelay(delay time.Duration) error { return d.tell("nak %v", delay) }
func (d *delivery) TermWithReason(reason string) error     { return d.tell("term %s", reason) }

func (d *delivery) InProgress() error {
	d.beat <- struct{}{}
	return nil
}

func (d *delivery) Metadata() (*jetstream.MsgMetadata, error) {
	return &jetstream.MsgMetadata{Sequence: jetstream.SequencePair{Stream: d.seq}, NumDelivered: d.count}, nil
}

func TestWorkerTellsHowItWent(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	away := errors.New("away")
	for _, test := range []struct {
		name       string
		ctx        context.Context
		err        error
		deliveries uint64
		want       string
	}{
		{"done", t.Context(), nil, 1, "ack"},
		{"done as we stop", stopped, nil, 1, "ack"},
		{"failed", t.Context(), away, 1, "nak 1s"},
		{"failed again", t.Context(), away, 2, "nak 2s"},
		{"failed often", t.Context(), away, 6, "nak 30s"},
		{"failed very often", t.Context(), away, 1000, "nak 30s"},
		{"failed as we stop", stopped, away, 1, "nak"},
		{"dropped", t.Context(), fmt.Errorf("bad: %w", ErrDrop), 1, "term bad: " + ErrDrop.Error()},
		{"dropped as we stop", stopped, fmt.Errorf("bad: %w", ErrDrop), 1, "term bad: " + ErrDrop.Error()},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorker(&Bus{}, Windows(events.Starlark, ""), 1, func(context.Context, WorkItem) error { return test.err })
			d := &delivery{seq: 1, count: test.deliveries}
			w.slots <- struct{}{}
			w.start(test.ctx, d)
			w.running.Wait()
			if !slices.Equal(d.told, []string{test.want}) {
				t.Errorf("told %q, want %q", d.told, test.want)
			}
			if len(w.slots) != 0 || len(w.held) != 0 {
				t.Errorf("%d slots taken, %d windows held", len(w.slots), len(w.held))
			}
		})
	}
}

func TestWorkerTellsThatItIsAtIt(t *testing.T) {
	t.Parallel()
	d := &delivery{seq: 1, count: 1, beat: make(chan struct{}, 10)}
	w := newWorker(&Bus{}, Windows(events.Starlark, ""), 1, func(context.Context, WorkItem) error {
		<-d.beat
		return nil
	})
	w.slots <- struct{}{}
	w.start(t.Context(), d)
	w.running.Wait()
	if !slices.Equal(d.told[len(d.told)-1:], []string{"ack"}) {
		t.Errorf("told %q", d.told)
	}
}

// The server may give up on us too early and hand us again what is in hand.
func TestWorkerDoesNotStartTwice(t *testing.T) {
	starts, release := 0, make(chan struct{})
	w := newWorker(&Bus{}, Windows(events.Starlark, ""), 2, func(context.Context, WorkItem) error {
		starts++
		<-release
		return nil
	})
	first, second := &delivery{seq: 7, count: 1}, &delivery{seq: 7, count: 2}
	for _, d := range []*delivery{first, second} {
		w.slots <- struct{}{}
		w.start(t.Context(), d)
	}
	if len(w.slots) != 1 {
		t.Errorf("%d slots taken", len(w.slots))
	}
	close(release)
	w.running.Wait()
	if starts != 1 || len(first.told) != 0 || !slices.Equal(second.told, []string{"ack"}) {
		t.Errorf("%d starts, first delivery told %q, second %q", starts, first.told, second.told)
	}
}
