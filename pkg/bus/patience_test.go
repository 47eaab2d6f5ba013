package bus_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// Who is patient asks again what a cluster without a leader does not answer; who is not is told at once.
func TestPatience(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	appendRuns(t, bustest.Connect(t, s.URL()), 1, 1)
	for kind, ask := range map[string]func(b *bus.Bus) error{
		"stream msg get": func(b *bus.Bus) error { _, err := b.Last(t.Context(), events.StreamTrace, trace(0)); return err },
		"stream info":    func(b *bus.Bus) error { _, err := b.LastSeq(t.Context(), events.StreamTrace); return err },
		"stream purge":   func(b *bus.Bus) error { return b.Free(t.Context(), events.StreamTrace, trace(7), 1) },
	} {
		for _, patience := range []time.Duration{0, time.Minute} {
			for _, fault := range []bustest.Fault{bustest.NoResponders, bustest.Full} {
				t.Run(fmt.Sprint(kind, fault, patience), func(t *testing.T) {
					t.Parallel()
					p := bustest.NewProxy(t, s.URL())
					b := patient(t, p.URL(), patience)
					p.Meddle(bustest.Plan{Kind: kind, Fault: fault, First: p.Counts()[kind] + 1, Times: 1})
					if err := ask(b); (err == nil) != (patience > 0) || p.Met() != 1 {
						t.Errorf("%v, met %d times", err, p.Met())
					}
				})
			}
		}
	}
	t.Run("in vain", func(t *testing.T) {
		p := bustest.NewProxy(t, s.URL())
		b := patient(t, p.URL(), time.Millisecond)
		p.Meddle(bustest.Plan{Kind: "stream info", Fault: bustest.NoResponders, First: p.Counts()["stream info"] + 1, Times: 1000})
		if _, err := b.LastSeq(t.Context(), events.StreamTrace); err == nil || !strings.Contains(err.Error(), "do it again when the server") {
			t.Errorf("%v", err)
		}
	})
}

func patient(t *testing.T, url string, patience time.Duration) *bus.Bus {
	return bustest.Connect(t, url, func(c *embedded.Config) { c.Patience = patience })
}
