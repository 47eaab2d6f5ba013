package bus_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

// Groups that share a stream, lose connections, acknowledgements and the server, meet
// messages of others and change their minds about batches, put each message on the
// stream once and in order.
func TestGroupsUnderFaults(t *testing.T) {
	t.Parallel()
	const groups, writers, n = 3, 4, 3000
	server := bustest.NewServer(t)
	stop := make(chan struct{})
	var writing, spoiling sync.WaitGroup
	for i := range groups {
		proxy := bustest.NewProxy(t, server.URL())
		b := bustest.Connect(t, proxy.URL())
		g := b.NewGroup()
		for j := range writers {
			w := g.Writer(events.TraceSubject(events.RunKey{Pipeline: "p", Window: uint64(i + 1), Run: j}), 0)
			writing.Go(func() { appendEach(t, w, n) })
		}
		foreign := events.TraceSubject(events.RunKey{Pipeline: "foreign", Window: uint64(i + 1)})
		last := uint64(0)
		faults := []func(){
			proxy.Cut,
			func() { proxy.CutAt(bustest.ToClient, `"seq":`) },
			func() { proxy.CutAt(bustest.ToServer, "HPUB") },
			func() { g.SetSlow(true) },
			func() { g.SetSlow(false) },
			func() {
				if seq, err := b.Append(t.Context(), foreign, last, []byte("x")); err == nil {
					last = seq
				}
			},
		}
		spoiling.Go(func() { spoil(stop, 8, 100*time.Millisecond, faults...) })
	}
	spoiling.Go(func() { spoil(stop, 2, 300*time.Millisecond, func() { server.Stop(); server.Start() }) })
	writing.Wait()
	close(stop)
	spoiling.Wait()
	wantEach(t, bustest.Connect(t, server.URL()), "ers.trace.p.*.*", groups*writers, n)
}

// spoil does one of some things now and then, so many times.
func spoil(stop <-chan struct{}, times int, now time.Duration, things ...func()) {
	for range times {
		select {
		case <-stop:
			return
		case <-time.After(rand.N(2 * now)):
			things[rand.IntN(len(things))]()
		}
	}
}
