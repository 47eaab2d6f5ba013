package bus_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// put appends so many messages to a subject of a stream that has none.
func put(t *testing.T, b *bus.Bus, subject string, n int) {
	t.Helper()
	last := uint64(0)
	for range n {
		var err error
		if last, err = b.Append(t.Context(), subject, last, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
}

const shortTrace = "ers.trace.p.1.0"

// A position that the stream does not have is an error at once.
func TestShortAtStart(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	put(t, b, shortTrace, 3)
	for _, test := range []struct {
		from  uint64
		short bool
	}{{0, false}, {1, false}, {3, false}, {4, false}, {5, true}, {1 << 62, true}} {
		var last error
		for _, err := range b.Read(t.Context(), events.StreamTrace, "", test.from, 0) {
			last = err
		}
		checkShort(t, "read", test.from, last, test.short, 3)
		if !test.short {
			continue
		}
		err := b.Follow(t.Context(), events.StreamTrace, "", test.from, func(bus.Message) error { return nil })
		checkShort(t, "follow", test.from, err, true, 3)
	}
	// On a filter that nothing matches, the stream's end counts, not the filter's.
	for _, err := range b.Read(t.Context(), events.StreamTrace, "ers.trace.other.1.0", 4, 0) {
		t.Errorf("yields %v", err)
	}
}

func checkShort(t *testing.T, what string, from uint64, err error, want bool, last uint64) {
	t.Helper()
	short, ok := errors.AsType[*bus.ShortError](err)
	if ok != want || errors.Is(err, bus.ErrShort) != want || !want && err != nil {
		t.Errorf("%s from %d: %v", what, from, err)
	}
	if want && ok && (short.From != from || short.Last != last || short.Stream != events.StreamTrace) {
		t.Errorf("%s from %d: %+v", what, from, short)
	}
}

// A stream that is made anew while it is followed ends the following, whether it is
// shorter or longer than before.
func TestShortWhileFollowing(t *testing.T) { eachWay(t, testShortWhileFollowing) }

func testShortWhileFollowing(t *testing.T, way func(*embedded.Config)) {
	for _, again := range []int{0, 2, 9} {
		b := bustest.Open(t, way)
		put(t, b, shortTrace, 5)
		seen := make(chan uint64, 100)
		done := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		go func() {
			done <- b.Follow(ctx, events.StreamTrace, "", 1, func(m bus.Message) error { seen <- m.Seq; return nil })
		}()
		for range 5 {
			<-seen
		}
		remake(t, b, bus.WithPromises(bus.Streams[1]))
		put(t, b, shortTrace, again)
		err := <-done
		cancel()
		if short, ok := errors.AsType[*bus.ShortError](err); !ok || short.From != 6 || !short.Anew {
			t.Errorf("%d messages in the new stream: %v", again, err)
		}
		if n := len(seen); n > 0 {
			t.Errorf("%d messages of another stream were taken", n)
		}
	}
}
