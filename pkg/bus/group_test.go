package bus_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

// Whether a group commits in batches, one by one, or changes its mind on the way,
// every writer's messages are on the stream once, in order.
func TestGroup(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"single", "batches", "changing"} {
		t.Run(mode, func(t *testing.T) {
			const writers, n = 5, 400
			b := bustest.Open(t)
			g := b.NewGroup()
			g.SetSlow(mode == "batches")
			var all sync.WaitGroup
			for i := range writers {
				subject := events.TraceSubject(events.RunKey{Pipeline: "p", Window: 1, Run: i})
				w := g.Writer(subject, 0)
				all.Go(func() {
					var data []byte
					for j := range n {
						if mode == "changing" && j%50 == i {
							g.SetSlow(j%100 < 50)
						}
						data = fmt.Appendf(data[:0], "%d", j) // the caller's buffer again after each
						if err := w.Append(t.Context(), data); err != nil {
							t.Error(err)
							return
						}
					}
					last, err := w.Flush()
					if m, lerr := b.Last(t.Context(), events.StreamTrace, subject); err != nil || lerr != nil || m.Seq != last {
						t.Errorf("flushed up to %d (%v), the last is %d (%v)", last, err, m.Seq, lerr)
					}
				})
			}
			all.Wait()
			wantEach(t, b, "", writers, n)
		})
	}
}

// A writer whose subject another writes to fails; the others of its group do not.
func TestGroupConflict(t *testing.T) {
	t.Parallel()
	for _, slow := range []bool{false, true} {
		t.Run(fmt.Sprint("slow ", slow), func(t *testing.T) {
			b := bustest.Open(t)
			g := b.NewGroup()
			g.SetSlow(slow)
			subject := func(run int) string { return events.TraceSubject(events.RunKey{Pipeline: "p", Window: 1, Run: run}) }
			loser, winner := g.Writer(subject(0), 0), g.Writer(subject(1), 0)
			if _, err := b.Append(t.Context(), subject(0), 0, []byte("another's")); err != nil {
				t.Fatal(err)
			}
			for i := range 20 {
				if err := loser.Append(t.Context(), fmt.Append(nil, i)); err != nil && !errors.Is(err, bus.ErrConflict) {
					t.Error(err)
				}
				if err := winner.Append(t.Context(), fmt.Append(nil, i)); err != nil {
					t.Error(err)
				}
			}
			if _, err := loser.Flush(); !errors.Is(err, bus.ErrConflict) {
				t.Errorf("loser: %v", err)
			}
			if last, err := winner.Flush(); err != nil || last == 0 {
				t.Errorf("winner: %d, %v", last, err)
			}
			n := 0
			for m, err := range b.Read(t.Context(), events.StreamTrace, subject(0), 1, 0) {
				if n++; err != nil || string(m.Data) != "another's" {
					t.Errorf("%s %v", m.Data, err)
				}
			}
			if n != 1 {
				t.Errorf("%d messages of the loser's subject", n)
			}
		})
	}
}

// A writer is held up with three messages on their way, and another one appends the first of
// them. The others are kept out, although the sequences are such that what the third would stand
// behind, had nobody else appended anything, is now the sequence of the first.
func TestGroupOvertaken(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	p := bustest.NewPipe(t, strings.TrimPrefix(s.URL(), "nats://"))
	slow, fast := bustest.Connect(t, "nats://"+p.Address()), bustest.Connect(t, s.URL())
	g := slow.NewGroup()
	g.SetSlow(false)
	w := g.Writer(trace(0), 0)
	appendEach(t, w, 1)
	p.Hold()
	for i := 1; i < 4; i++ {
		if err := w.Append(t.Context(), fmt.Append(nil, i)); err != nil {
			t.Error(err)
		}
	}
	if n := g.InFlight(); n != 3 {
		t.Errorf("%d messages are on their way", n)
	}
	for _, m := range []struct {
		subject string
		last    uint64
		data    string
	}{{trace(1), 0, "0"}, {trace(0), 1, "1"}} {
		if _, err := fast.Append(t.Context(), m.subject, m.last, []byte(m.data)); err != nil {
			t.Error(err)
		}
	}
	p.Release()
	if last, err := w.Flush(); last != 1 || !errors.Is(err, bus.ErrConflict) {
		t.Errorf("ends at %d, %v", last, err)
	}
	wantEach(t, fast, trace(0), 1, 2)
}

// Groups on one stream break each other's chains. Their writers notice nothing.
func TestGroupsOnOneStream(t *testing.T) {
	t.Parallel()
	const groups, writers, n = 3, 4, 400
	b := bustest.Open(t)
	var all sync.WaitGroup
	for i := range groups {
		g := b.NewGroup()
		for j := range writers {
			w := g.Writer(events.TraceSubject(events.RunKey{Pipeline: "p", Window: uint64(i + 1), Run: j}), 0)
			all.Go(func() { appendEach(t, w, n) })
		}
	}
	all.Wait()
	wantEach(t, b, "", groups*writers, n)
}

// appendEach appends the messages 0 to n-1.
func appendEach(t *testing.T, w *bus.Writer, n int) {
	for i := range n {
		if err := w.Append(t.Context(), fmt.Append(nil, i)); err != nil {
			t.Error(err)
			return
		}
	}
	if _, err := w.Flush(); err != nil {
		t.Error(err)
	}
}

// wantEach checks that each of so many subjects that match filter has the messages 0 to n-1, once and in
// order.
func wantEach(t *testing.T, b *bus.Bus, filter string, subjects, n int) {
	t.Helper()
	next := make(map[string]int)
	for m, err := range b.Read(t.Context(), events.StreamTrace, filter, 1, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if string(m.Data) != fmt.Sprint(next[m.Subject]) {
			t.Fatalf("%s: %s where %d belongs", m.Subject, m.Data, next[m.Subject])
		}
		next[m.Subject]++
	}
	for subject, count := range next {
		if count != n {
			t.Errorf("%s has %d messages, want %d", subject, count, n)
		}
	}
	if len(next) != subjects {
		t.Errorf("%d subjects, want %d", len(next), subjects)
	}
}

// A connection that breaks while many messages are on their way, or their
// acknowledgements, leaves each on the stream once. The texts that spring the trap come
// by many times, since one of them may be cut in two on its way.
func TestGroupLost(t *testing.T) {
	t.Parallel()
	const writers, n = 4, 300
	for direction, text := range map[bustest.Direction]string{bustest.ToServer: "\r\n\r\n15", bustest.ToClient: `"seq":6`} {
		t.Run(text, func(t *testing.T) {
			server := bustest.NewServer(t)
			proxy := bustest.NewProxy(t, server.URL())
			b := bustest.Connect(t, proxy.URL())
			proxy.CutAt(direction, text)
			g := b.NewGroup()
			g.SetSlow(false)
			var all sync.WaitGroup
			for i := range writers {
				w := g.Writer(events.TraceSubject(events.RunKey{Pipeline: "p", Window: 1, Run: i}), 0)
				all.Go(func() { appendEach(t, w, n) })
			}
			all.Wait()
			if !proxy.Sprung(direction) {
				t.Fatal("nothing was cut")
			}
			wantEach(t, bustest.Connect(t, server.URL()), "", writers, n)
		})
	}
}
