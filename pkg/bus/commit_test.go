package bus_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// Batches are sent ahead where messages wait for the disk. When others write to the stream
// meanwhile some are sent in vain, and all messages are there nevertheless, once and in order.
func TestGroupAhead(t *testing.T) {
	t.Parallel()
	const writers, n = 8, 4000
	for _, disturbed := range []bool{false, true} {
		t.Run(fmt.Sprint("disturbed ", disturbed), func(t *testing.T) {
			b := bustest.Open(t, func(c *embedded.Config) { c.SyncAlways = true })
			sent, err := b.Conn().SubscribeSync("ers.trace.p.>")
			if err == nil {
				err = sent.SetPendingLimits(-1, -1)
			}
			if err != nil {
				t.Fatal(err)
			}
			g := b.NewGroup()
			g.SetSlow(true)
			done := make(chan struct{})
			var writing, disturbing sync.WaitGroup
			for i := range writers {
				w := g.Writer(events.TraceSubject(events.RunKey{Pipeline: "p", Window: 1, Run: i}), 0)
				writing.Go(func() { appendEach(t, w, n) })
			}
			if disturbed {
				disturbing.Go(func() { appendUntil(t, b, done) })
			}
			writing.Wait()
			close(done)
			disturbing.Wait()
			wantEach(t, b, "ers.trace.p.*.*", writers, n)
			ahead, vain := batchesAhead(t, b, sent)
			t.Logf("%d batches sent ahead, %d in vain", ahead, vain)
			if ahead == 0 || disturbed != (vain > 0) {
				t.Errorf("%d batches sent ahead, %d in vain", ahead, vain)
			}
		})
	}
}

// batchesAhead counts the batches that were sent ahead, which hang on the last sequence of the
// stream, and how many of these were not committed.
func batchesAhead(t *testing.T, b *bus.Bus, sent *nats.Subscription) (ahead, vain int) {
	if err := b.Conn().Flush(); err != nil {
		t.Fatal(err)
	}
	n, _, err := sent.Pending()
	if err != nil {
		t.Fatal(err)
	}
	open := make(map[string]bool) // batches that were sent ahead and not committed so far
	for range n {
		m, err := sent.NextMsg(time.Second) // it is here
		if err != nil {
			t.Fatal(err)
		}
		id := m.Header.Get("Nats-Batch-Id")
		if m.Header.Get(jetstream.ExpectedLastSeqHeader) != "" && id != "" {
			open[id] = true
			ahead++
		}
		if m.Header.Get("Nats-Batch-Commit") != "" {
			delete(open, id)
		}
	}
	return ahead, len(open)
}

// appendUntil appends messages of somebody else.
func appendUntil(t *testing.T, b *bus.Bus, done <-chan struct{}) {
	subject, last := events.TraceSubject(events.RunKey{Pipeline: "other", Window: 1}), uint64(0)
	for {
		select {
		case <-done:
			return
		default:
		}
		var err error
		if last, err = b.Append(t.Context(), subject, last, []byte("x")); err != nil {
			t.Error(err)
			return
		}
	}
}
