package bus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// follow collects what Follow delivers until there are n messages.
func follow(t testing.TB, b *bus.Bus, filter string, from uint64, n int) []bus.Message {
	t.Helper()
	enough := errors.New("enough")
	var got []bus.Message
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := b.Follow(ctx, events.StreamTrace, filter, from, func(m bus.Message) error {
		if got = append(got, m); len(got) == n {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Errorf("followed %d of %d messages: %v", len(got), n, err)
	}
	return got
}

// wantAll checks that messages are those of the sequences first to first+n-1.
func wantAll(t testing.TB, got []bus.Message, first uint64, n int) {
	t.Helper()
	for i, m := range got {
		if m.Seq != first+uint64(i) {
			t.Fatalf("message %d has sequence %d, want %d", i, m.Seq, first+uint64(i))
		}
	}
	if len(got) != n {
		t.Errorf("%d messages, want %d", len(got), n)
	}
}

func TestFollow(t *testing.T) { eachWay(t, testFollow) }

func testFollow(t *testing.T, way func(*embedded.Config)) {
	b := bustest.Open(t, way)
	appendRuns(t, b, 3, 30)
	wantAll(t, follow(t, b, "", 0, 30), 1, 30)
	got := follow(t, b, "", 11, 20)
	wantAll(t, got, 11, 20)
	for _, m := range got {
		if m.Pending != 30-m.Seq {
			t.Errorf("message %d: %d pending", m.Seq, m.Pending)
		}
	}
	one := follow(t, b, trace(2), 20, 4)
	for i, m := range one {
		if m.Seq != uint64(21+3*i) || m.Pending != uint64(3-i) {
			t.Errorf("message %d: sequence %d, %d pending", i, m.Seq, m.Pending)
		}
	}
}

// Whoever gathers messages until Pending is 0 has them all in the end.
func TestFollowSaysWhenItIsCaughtUp(t *testing.T) { eachWay(t, testFollowSaysWhenItIsCaughtUp) }

func testFollowSaysWhenItIsCaughtUp(t *testing.T, way func(*embedded.Config)) {
	const n = 2000
	b := bustest.Open(t, way)
	go func() {
		var last uint64
		for i := range n {
			last, _ = b.Append(t.Context(), trace(0), last, fmt.Append(nil, i))
		}
	}()
	gathered, flushed := 0, 0
	done := errors.New("done")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := b.Follow(ctx, events.StreamTrace, trace(0), 1, func(m bus.Message) error {
		gathered++
		if m.Pending > 0 {
			return nil
		}
		if flushed = gathered; flushed == n {
			return done
		}
		return nil
	})
	if !errors.Is(err, done) {
		t.Errorf("gathered %d, flushed %d: %v", gathered, flushed, err)
	}
}

func TestFollowOverRestarts(t *testing.T) { eachWay(t, testFollowOverRestarts) }

func testFollowOverRestarts(t *testing.T, way func(*embedded.Config)) {
	const n = 3000
	s := bustest.NewServer(t)
	writer, reader := bustest.Connect(t, s.URL()), bustest.Connect(t, s.URL(), way)
	var writing sync.WaitGroup
	writing.Go(func() {
		var last uint64
		for i := range n {
			if i == n/3 || i == 2*n/3 {
				s.Stop()
				s.Start()
			}
			var err error
			if last, err = writer.Append(t.Context(), trace(0), last, fmt.Append(nil, i)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	wantAll(t, follow(t, reader, "", 1, n), 1, n)
	writing.Wait() // the reader may be there before the writer's last acknowledgement
}

func TestFollowOverBrokenConnections(t *testing.T) { eachWay(t, testFollowOverBrokenConnections) }

func testFollowOverBrokenConnections(t *testing.T, way func(*embedded.Config)) {
	const n = 2000
	s := bustest.NewServer(t)
	p := bustest.NewProxy(t, s.URL())
	writer, reader := bustest.Connect(t, s.URL()), bustest.Connect(t, p.URL(), way)
	appendRuns(t, writer, 1, n)
	enough := errors.New("enough")
	var got []bus.Message
	err := reader.Follow(t.Context(), events.StreamTrace, "", 1, func(m bus.Message) error {
		got = append(got, m)
		switch {
		case len(got) == n:
			return enough
		case len(got) == 1, len(got) == n/2:
			p.Cut()
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Error(err)
	}
	wantAll(t, got, 1, n)
}

func TestFollowEnds(t *testing.T) { eachWay(t, testFollowEnds) }

func testFollowEnds(t *testing.T, way func(*embedded.Config)) {
	b := bustest.Open(t, way)
	appendRuns(t, b, 1, 1)

	t.Run("with the handler's error", func(t *testing.T) {
		mine := errors.New("mine")
		if err := b.Follow(t.Context(), events.StreamTrace, "", 1, func(bus.Message) error { return mine }); err != mine {
			t.Errorf("got %v", err)
		}
	})
	t.Run("with the context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := b.Follow(ctx, events.StreamTrace, "", 1, func(bus.Message) error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("with the bus", func(t *testing.T) {
		b := bustest.Open(t, way)
		appendRuns(t, b, 1, 1)
		err := b.Follow(t.Context(), events.StreamTrace, "", 1, func(bus.Message) error {
			go b.Close()
			return nil
		})
		if err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("with the stream", func(t *testing.T) {
		err := b.Follow(t.Context(), events.StreamTrace, "", 1, func(bus.Message) error {
			return b.JetStream().DeleteStream(t.Context(), events.StreamTrace)
		})
		if err == nil || !strings.Contains(err.Error(), "stream not found") {
			t.Errorf("got %v", err)
		}
	})
}

// A service must be able to stop while its server is away.
func TestFollowEndsWithoutServer(t *testing.T) { eachWay(t, testFollowEndsWithoutServer) }

func testFollowEndsWithoutServer(t *testing.T, way func(*embedded.Config)) {
	s := bustest.NewServer(t)
	b := bustest.Connect(t, s.URL(), way)
	appendRuns(t, b, 1, 1)
	ctx, cancel := context.WithCancel(t.Context())
	start := time.Now()
	err := b.Follow(ctx, events.StreamTrace, "", 1, func(bus.Message) error {
		s.Stop()
		time.AfterFunc(50*time.Millisecond, cancel)
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if d := time.Since(start); d > 8*time.Second {
		t.Errorf("took %v", d)
	}
}
