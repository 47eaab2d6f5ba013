package bus_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

// A message that the server has sent and that does not come, the last one of its stream,
// is asked for again.
func TestFollowMissedMessage(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	p := bustest.NewProxy(t, s.URL())
	writer, reader := bustest.Connect(t, s.URL()), bustest.Connect(t, p.URL())
	const n = 3
	p.Meddle(bustest.Plan{Kind: "delivery", Fault: bustest.Lost, First: n, Times: 1})
	appendRuns(t, writer, 1, n)
	for _, filter := range []string{"", trace(0)} {
		wantAll(t, follow(t, reader, filter, 1, n), 1, n)
	}
	if p.Met() != 1 {
		t.Errorf("%d messages were lost", p.Met())
	}
}

// A server that stores a message and says that it is too busy is asked again: the message
// is there once, and its append says where.
func TestAppendBusyAndStored(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	p := bustest.NewProxy(t, s.URL())
	b := bustest.Connect(t, p.URL())
	for kind, send := range map[string]func() (uint64, error){
		"append trace": func() (uint64, error) { return b.Append(t.Context(), trace(0), 0, []byte("x")) },
		"append verdict": func() (uint64, error) {
			return b.AppendOnce(t.Context(), events.VerdictSubject(events.Pass, "p", 1), events.VerdictGuard("p", 1), []byte("x"))
		},
		"append digest": func() (uint64, error) {
			w := b.NewGroup().Writer(events.DigestSubject(events.RunKey{Pipeline: "p", Window: 1}), 0)
			_ = w.Append(t.Context(), []byte("x")) // Flush says what became of it
			return w.Flush()
		},
	} {
		p.Meddle(bustest.Plan{Kind: kind, Fault: bustest.Busy, First: p.Counts()[kind] + 1, Times: 1})
		if seq, err := send(); seq != 1 || err != nil {
			t.Errorf("%s: sequence %d, %v", kind, seq, err)
		}
	}
	if p.Met() != 3 {
		t.Errorf("%d of 3 were met", p.Met())
	}
	if _, err := b.Append(t.Context(), trace(0), 0, []byte("y")); !errors.Is(err, bus.ErrConflict) {
		t.Errorf("another message: %v", err)
	}
}

// Whatever a server says or does not say while we open a bus on it, it may be there later.
func TestOpenWhileServerComes(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	bustest.Connect(t, s.URL()) // makes the streams
	var opening sync.WaitGroup
	for _, fault := range []bustest.Fault{bustest.Full, bustest.NoResponders, bustest.Lost, bustest.Cut} {
		p := bustest.NewProxy(t, s.URL())
		p.Meddle(bustest.Plan{Kind: "stream info", Fault: fault, First: 1, Times: 100})
		opening.Go(func() {
			if _, err := bus.Open(t.Context(), bus.Config{URL: p.URL()}); !errors.Is(err, bus.ErrAway) {
				t.Errorf("stream info: %s: %v", fault, err)
			}
		})
	}
	opening.Wait()
	p := bustest.NewProxy(t, s.URL())
	s.Stop()
	if _, err := bus.Open(t.Context(), bus.Config{URL: p.URL()}); !errors.Is(err, bus.ErrAway) {
		t.Errorf("a server that ends: %v", err)
	}
	s.Start()
}

// Who waits for a stream without a leader, to find out what became of a message, says so
// for as long as it lasts.
func TestAppendSaysWhatItLooksFor(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	p := bustest.NewProxy(t, s.URL())
	b := bustest.Connect(t, p.URL())
	p.Meddle(bustest.Plan{Kind: "stream msg get", Fault: bustest.Full, First: p.Counts()["stream msg get"] + 1, Times: 20})
	p.CutAt(bustest.ToServer, "HPUB ers.trace")
	done := make(chan error, 1)
	go func() {
		_, err := b.Append(t.Context(), trace(0), 0, []byte("x"))
		done <- err
	}()
	said := false
	for {
		select {
		case err := <-done:
			if err != nil || !said || len(b.Trouble()) > 0 {
				t.Errorf("%v; it was said: %t; still in trouble: %v", err, said, b.Trouble())
			}
			return
		case <-time.After(10 * time.Millisecond):
			for _, trouble := range b.Trouble() {
				said = said || trouble.What == "write ERS_TRACE" && strings.Contains(trouble.String(), "cannot be looked into")
			}
		}
	}
}

// A piece that comes twice is there once, or its object is not kept.
func TestObjectPieceTwice(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	for _, test := range []struct{ size, piece int }{{10, 1}, {300 << 10, 1}, {300 << 10, 3}} {
		p := bustest.NewProxy(t, s.URL())
		b := bustest.Connect(t, p.URL())
		data := bytes.Repeat([]byte{byte(test.piece)}, test.size)
		p.Meddle(bustest.Plan{Kind: "object piece", Fault: bustest.Repeated, First: test.piece, Times: 1})
		sha, err := b.PutObject(t.Context(), data)
		if test.piece > 1 {
			if err == nil || !strings.Contains(err.Error(), "pieces on the server") {
				t.Errorf("piece %d: %v", test.piece, err)
			}
			sha, err = b.PutObject(t.Context(), data)
		}
		if err != nil || p.Met() != 1 {
			t.Fatalf("piece %d: %v, met %d times", test.piece, err, p.Met())
		}
		if got, err := b.GetObject(t.Context(), sha); err != nil || !bytes.Equal(got, data) {
			t.Errorf("piece %d: %d bytes, %v", test.piece, len(got), err)
		}
	}
}
