package bus_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

func trace(run int) string {
	return events.TraceSubject(events.RunKey{Pipeline: "p", Window: 1, Run: run})
}

func mustAppend(t testing.TB, b *bus.Bus, subject string, last uint64, data string) uint64 {
	t.Helper()
	seq, err := b.Append(t.Context(), subject, last, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// contents returns what is in a stream, as "seq data".
func contents(t testing.TB, b *bus.Bus, stream, filter string) []string {
	t.Helper()
	var got []string
	for m, err := range b.Read(t.Context(), stream, filter, 1, 0) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d %s", m.Seq, m.Data))
	}
	return got
}

func TestAppendIsGuarded(t *testing.T) {
	b := bustest.Open(t)
	one := mustAppend(t, b, trace(0), 0, "one")
	mustAppend(t, b, trace(1), 0, "other subject")
	two := mustAppend(t, b, trace(0), one, "two")

	for _, test := range []struct {
		name, subject string
		last, found   uint64
	}{
		{"no message expected", trace(0), 0, two},
		{"an older message expected", trace(0), one, two},
		{"a message expected that is not there", trace(0), two + 7, two},
		{"a message expected on an empty subject", trace(2), 1, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := b.Append(t.Context(), test.subject, test.last, []byte("x"))
			var conflict *bus.ConflictError
			if !errors.Is(err, bus.ErrConflict) || !errors.As(err, &conflict) {
				t.Fatalf("got %v, want a conflict", err)
			}
			if *conflict != (bus.ConflictError{Subject: test.subject, Want: test.last, Found: test.found}) {
				t.Errorf("got %+v", conflict)
			}
		})
	}
	if got := contents(t, b, events.StreamTrace, ""); len(got) != 3 {
		t.Errorf("a refused message is in the stream: %q", got)
	}
}

func TestAppendOnce(t *testing.T) {
	b := bustest.Open(t)
	alarms, err := b.Conn().SubscribeSync(events.GateSubject("*"))
	if err != nil {
		t.Fatal(err)
	}
	once := func(o events.Outcome, pipeline string, window uint64) error {
		_, err := b.AppendOnce(t.Context(), events.VerdictSubject(o, pipeline, window), events.VerdictGuard(pipeline, window), []byte(o))
		return err
	}
	for _, test := range []struct {
		outcome  events.Outcome
		pipeline string
		window   uint64
		conflict bool
	}{
		{events.Fail, "p", 1, false},
		{events.Fail, "p", 1, true},
		{events.Pass, "p", 1, true},
		{events.Pass, "p", 2, false},
		{events.Pass, "q", 1, false},
		{events.Inconclusive, "q", 1, true},
	} {
		if err := once(test.outcome, test.pipeline, test.window); errors.Is(err, bus.ErrConflict) != test.conflict || err != nil && !test.conflict {
			t.Errorf("%v: got %v", test, err)
		}
	}
	for _, want := range []events.Outcome{events.Fail, events.Pass, events.Pass} {
		m, err := alarms.NextMsg(5 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if m.Subject != events.GateSubject(want) || string(m.Data) != string(want) {
			t.Errorf("alarm %s %s, want %s", m.Subject, m.Data, want)
		}
	}
}

func TestAppendOneWinner(t *testing.T) {
	t.Parallel()
	const writers, rounds = 8, 30
	b := bustest.Open(t)
	var last uint64
	for round := range rounds {
		var won atomic.Uint64
		var wins atomic.Int32
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				seq, err := b.Append(t.Context(), trace(0), last, fmt.Appendf(nil, "%d by %d", round, w))
				if err == nil {
					won.Store(seq)
					wins.Add(1)
				} else if !errors.Is(err, bus.ErrConflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 {
			t.Fatalf("round %d has %d winners", round, wins.Load())
		}
		last = won.Load()
	}
}

func TestAppendRefused(t *testing.T) {
	b := bustest.Open(t)
	for _, test := range []struct {
		name, subject string
		size          int
	}{
		{"foreign subject", "other.trace.p.1.0", 1},
		{"too few tokens", "ers.trace.p.1", 1},
		{"space in the subject", "ers.trace.p p.1.0", 1},
		{"too much data", trace(0), b.MaxPayload() + 1000},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := b.Append(t.Context(), test.subject, 0, make([]byte, test.size)); err == nil || errors.Is(err, bus.ErrConflict) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := b.Append(t.Context(), trace(0), 0, make([]byte, b.MaxPayload())); err != nil {
		t.Errorf("as much as MaxPayload: %v", err)
	}
}

// Each step of an append, lost on the way or stored but with its acknowledgement
// lost, with and without another writer.
func TestAppendFaults(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	direct := bustest.Connect(t, s.URL())
	p := bustest.NewProxy(t, s.URL())
	b := bustest.Connect(t, p.URL())

	cuts := []struct {
		name string
		dir  bustest.Direction
		text string
	}{
		{"lost", bustest.ToServer, "HPUB ers."},
		{"stored", bustest.ToClient, `{"stream":"ERS_`},
	}
	for i, cut := range cuts {
		t.Run(cut.name, func(t *testing.T) {
			subject := trace(i)
			one := mustAppend(t, b, subject, 0, "one")
			p.CutAt(cut.dir, cut.text)
			two := mustAppend(t, b, subject, one, "two")
			three := mustAppend(t, b, subject, two, "three")
			want := []string{fmt.Sprint(one, " one"), fmt.Sprint(two, " two"), fmt.Sprint(three, " three")}
			if got := contents(t, direct, events.StreamTrace, subject); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got %q, want %q", got, want)
			}
			if !p.Sprung(cut.dir) {
				t.Error("nothing was cut")
			}
		})
		t.Run(cut.name+", once", func(t *testing.T) {
			guard := events.VerdictGuard("p", uint64(i))
			p.CutAt(cut.dir, cut.text)
			if _, err := b.AppendOnce(t.Context(), events.VerdictSubject(events.Pass, "p", uint64(i)), guard, []byte("verdict")); err != nil {
				t.Fatal(err)
			}
			if got := contents(t, direct, events.StreamVerdict, guard); len(got) != 1 {
				t.Errorf("got %q", got)
			}
		})
		t.Run(cut.name+", another is first", func(t *testing.T) {
			subject := trace(10 + i)
			one := mustAppend(t, direct, subject, 0, "one")
			p.CutAt(cut.dir, cut.text)
			two := mustAppend(t, direct, subject, one, "two")
			if _, err := b.Append(t.Context(), subject, one, []byte("my two")); !errors.Is(err, bus.ErrConflict) {
				t.Errorf("got %v", err)
			}
			three := mustAppend(t, direct, subject, two, "three")
			if got := contents(t, direct, events.StreamTrace, subject); len(got) != 3 {
				t.Errorf("got %q up to %d", got, three)
			}
			p.CutAt(cut.dir, "")
		})
	}
}

// Writers whose connections keep breaking write what writers do whose don't.
func TestAppendOverBrokenConnections(t *testing.T) {
	t.Parallel()
	const writers, frames = 4, 60
	s := bustest.NewServer(t)
	p := bustest.NewProxy(t, s.URL())
	b := bustest.Connect(t, p.URL())

	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(w)))
			var last uint64
			for i := range frames {
				switch random.IntN(80) {
				case 0:
					p.CutAt(bustest.ToServer, "HPUB ers.")
				case 1:
					p.CutAt(bustest.ToClient, `{"stream":"ERS_`)
				}
				var err error
				if last, err = b.Append(t.Context(), trace(w), last, fmt.Append(nil, i)); err != nil {
					t.Errorf("writer %d, frame %d: %v", w, i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	direct := bustest.Connect(t, s.URL())
	for w := range writers {
		i := 0
		for m, err := range direct.Read(t.Context(), events.StreamTrace, trace(w), 1, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(m.Data, fmt.Append(nil, i)) {
				t.Errorf("writer %d: frame %d is %s", w, i, m.Data)
			}
			i++
		}
		if i != frames {
			t.Errorf("writer %d: %d frames", w, i)
		}
	}
}

func TestAppendOverRestart(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	b := bustest.Connect(t, s.URL())
	one := mustAppend(t, b, trace(0), 0, "one")
	s.Stop()
	var both sync.WaitGroup
	both.Go(func() {
		if _, err := b.Append(t.Context(), trace(0), one, []byte("two")); err != nil {
			t.Error(err)
		}
	})
	both.Go(func() {
		if _, err := b.Append(t.Context(), trace(1), 0, []byte("other")); err != nil {
			t.Error(err)
		}
	})
	s.Start()
	both.Wait()
	if got := contents(t, b, events.StreamTrace, ""); len(got) != 3 {
		t.Errorf("got %q", got)
	}
}

func TestAppendEnds(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	b, err := embedded.Open(t.Context(), embedded.Config{Config: bus.Config{URL: s.URL(), Create: true}})
	if err != nil {
		t.Fatal(err)
	}
	s.Stop()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Append(ctx, trace(0), 0, []byte("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	go b.Close()
	if _, err := b.Append(t.Context(), trace(1), 0, []byte("x")); !errors.Is(err, nats.ErrConnectionClosed) {
		t.Errorf("got %v", err)
	}
}
