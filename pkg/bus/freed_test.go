package bus_test

import (
	"bytes"
	"iter"
	"testing"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// Who reads up to the end of a stream comes to one when the last messages are freed meanwhile.
func TestReadWhatIsFreed(t *testing.T) {
	t.Parallel()
	for way, prefix := range map[string]string{"consumer": "", "direct": auth.Viewer.Inbox()} {
		for what, read := range map[string]func(*bus.Bus) iter.Seq2[bus.Message, error]{
			"read": func(b *bus.Bus) iter.Seq2[bus.Message, error] {
				return b.Read(t.Context(), events.StreamTrace, trace(0), 1, 0)
			},
			"whole": func(b *bus.Bus) iter.Seq2[bus.Message, error] {
				return b.ReadWhole(t.Context(), events.StreamTrace, 1, 0)
			},
		} {
			t.Run(way+" "+what, func(t *testing.T) {
				t.Parallel()
				s := bustest.NewServer(t)
				writer := bustest.Connect(t, s.URL())
				reader := bustest.Open(t, func(c *embedded.Config) { c.URL, c.StoreDir, c.InboxPrefix = s.URL(), "", prefix })
				readFreed(t, writer, read(reader))
			})
		}
	}
}

func readFreed(t *testing.T, writer *bus.Bus, messages iter.Seq2[bus.Message, error]) {
	t.Helper()
	const n = 40
	frame := bytes.Repeat([]byte("x"), 512<<10) // so large that most are not on their way yet
	last := uint64(0)
	for range n {
		last = mustAppend(t, writer, trace(0), last, string(frame))
	}
	got := 0
	for _, err := range messages {
		if err != nil {
			t.Fatal(err)
		}
		if got++; got > 2 { // the end is known by then
			if err := writer.Free(t.Context(), events.StreamTrace, trace(0), last); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got < 3 || got == n {
		t.Errorf("%d of %d messages: nothing was freed under the reader", got, n)
	}
}
