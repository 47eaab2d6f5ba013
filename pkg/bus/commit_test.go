package bus_test

import (
	"fmt"
	"sync"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// Batches are sent ahead where messages wait for the disk. When others write to the stream
// meanwhile some are sent in vain, and all messages are there nevertheless, once and in order.
func TestGroupAhead(t *testing.T) {
	const writers, n = 8, 4000
	for _, disturbed := range []bool{false, true} {
		t.Run(fmt.Sprint("disturbed ", disturbed), func(t *testing.T) {
			b := bustest.Open(t, func(c *embedded.Config) { c.SyncAlways = true })
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
			ahead, vain := g.Ahead()
			t.Logf("%d batches sent ahead, %d in vain", ahead, vain)
			if ahead == 0 || disturbed != (vain > 0) {
				t.Errorf("%d batches sent ahead, %d in vain", ahead, vain)
			}
		})
	}
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
