package bus_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// eachWay runs a test with a bus that reads by consumers, and with one whose role lets it
// have none.
func eachWay(t *testing.T, test func(t *testing.T, way func(*embedded.Config))) {
	t.Parallel()
	t.Run("consumer", func(t *testing.T) {
		t.Parallel()
		test(t, func(*embedded.Config) {})
	})
	t.Run("direct", func(t *testing.T) {
		t.Parallel()
		test(t, func(c *embedded.Config) { c.InboxPrefix = auth.Viewer.Inbox() })
	})
}

// appendRuns appends n frames, in turn to each of so many runs.
func appendRuns(t testing.TB, b *bus.Bus, runs, n int) {
	t.Helper()
	last := make([]uint64, runs)
	for i := range n {
		last[i%runs] = mustAppend(t, b, trace(i%runs), last[i%runs], fmt.Sprint("frame ", i))
	}
}

func TestRead(t *testing.T) { eachWay(t, testRead) }

func testRead(t *testing.T, way func(*embedded.Config)) {
	b := bustest.Open(t, way)
	appendRuns(t, b, 3, 30)
	all := make([]uint64, 30)
	for i := range all {
		all[i] = uint64(i + 1)
	}
	for _, test := range []struct {
		name, filter string
		from, to     uint64
		want         []uint64
	}{
		{"all", "", 0, 0, all},
		{"all, by filter", "ers.trace.p.*.*", 1, 0, all},
		{"from", "", 21, 0, all[20:]},
		{"to", "", 1, 5, all[:5]},
		{"to beyond", "", 1, 500, all},
		{"nothing between", "", 7, 6, nil},
		{"beyond", "", 31, 0, nil},
		{"one run", trace(1), 1, 0, []uint64{2, 5, 8, 11, 14, 17, 20, 23, 26, 29}},
		{"one run, a part", trace(1), 6, 13, []uint64{8, 11}},
		{"one run, a part without", trace(1), 6, 7, nil},
		{"one run, its last only", trace(1), 29, 0, []uint64{29}},
		{"one run, beyond", trace(1), 30, 0, nil},
		{"no such run", trace(7), 1, 0, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []uint64
			for m, err := range b.Read(t.Context(), events.StreamTrace, test.filter, test.from, test.to) {
				if err != nil {
					t.Fatal(err)
				}
				if m.Stream != events.StreamTrace || m.Subject != trace(int(m.Seq-1)%3) || string(m.Data) != fmt.Sprint("frame ", m.Seq-1) {
					t.Errorf("got %+v", m)
				}
				got = append(got, m.Seq)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	t.Run("empty stream", func(t *testing.T) {
		for m, err := range b.Read(t.Context(), events.StreamDigest, "", 1, 0) {
			t.Errorf("got %v, %v", m, err)
		}
	})
	t.Run("not a stream of ERS", func(t *testing.T) {
		n := 0
		for _, err := range b.Read(t.Context(), "OTHER", "", 1, 0) {
			n++
			if err == nil || n > 1 {
				t.Errorf("got %v", err)
			}
		}
		if n != 1 {
			t.Errorf("%d errors", n)
		}
	})
	t.Run("stopped", func(t *testing.T) {
		for range b.Read(t.Context(), events.StreamTrace, "", 1, 0) {
			break
		}
	})
}

// However many messages there are, and however large, each is read once: those that are
// looked up and those behind them that are not.
func TestReadBeyondFew(t *testing.T) { eachWay(t, testReadBeyondFew) }

func testReadBeyondFew(t *testing.T, way func(*embedded.Config)) {
	b := bustest.Open(t, way)
	for run, size := range []int{1, 40_000, 100_000} {
		var last uint64
		for n := range 12 {
			for to := range uint64(2) { // as far as the stream goes, and as far as is said
				read := 0
				for m, err := range b.Read(t.Context(), events.StreamTrace, trace(run), 1, to*last) {
					if err != nil || len(m.Data) != size+read {
						t.Fatalf("message %d: %d bytes, %v", read, len(m.Data), err)
					}
					read++
				}
				if read != n {
					t.Errorf("read %d messages of %d bytes, want %d", read, size, n)
				}
			}
			last = mustAppend(t, b, trace(run), last, strings.Repeat("x", size+n))
		}
	}
}

func TestReadLeavesNoConsumer(t *testing.T) {
	b := bustest.Open(t)
	appendRuns(t, b, 1, 30) // not so few that none is made
	contents(t, b, events.StreamTrace, "")
	s, err := b.JetStream().Stream(t.Context(), events.StreamTrace)
	if err != nil {
		t.Fatal(err)
	}
	if n := s.CachedInfo().State.Consumers; n != 0 {
		t.Errorf("%d consumers are left", n)
	}
}

func TestLookup(t *testing.T) {
	b := bustest.Open(t)
	ctx := t.Context()
	if seq, err := b.LastSeq(ctx, events.StreamTrace); seq != 0 || err != nil {
		t.Errorf("empty stream: got %d, %v", seq, err)
	}
	appendRuns(t, b, 3, 9)
	if seq, err := b.LastSeq(ctx, events.StreamTrace); seq != 9 || err != nil {
		t.Errorf("got %d, %v", seq, err)
	}
	for _, test := range []struct {
		name string
		look func() (bus.Message, error)
		seq  uint64 // 0: not found
	}{
		{"last on a subject", func() (bus.Message, error) { return b.Last(ctx, events.StreamTrace, trace(0)) }, 7},
		{"last on a filter", func() (bus.Message, error) { return b.Last(ctx, events.StreamTrace, "ers.trace.p.1.*") }, 9},
		{"last on nothing", func() (bus.Message, error) { return b.Last(ctx, events.StreamTrace, trace(3)) }, 0},
		{"get", func() (bus.Message, error) { return b.Get(ctx, events.StreamTrace, 4) }, 4},
		{"get nothing", func() (bus.Message, error) { return b.Get(ctx, events.StreamTrace, 0) }, 0},
		{"get beyond", func() (bus.Message, error) { return b.Get(ctx, events.StreamTrace, 10) }, 0},
		{"next, itself", func() (bus.Message, error) { return b.Next(ctx, events.StreamTrace, trace(1), 5) }, 5},
		{"next, later", func() (bus.Message, error) { return b.Next(ctx, events.StreamTrace, trace(1), 6) }, 8},
		{"next of the first", func() (bus.Message, error) { return b.Next(ctx, events.StreamTrace, trace(1), 0) }, 2},
		{"next on a filter", func() (bus.Message, error) { return b.Next(ctx, events.StreamTrace, "ers.trace.*.*.0", 5) }, 7},
		{"next beyond", func() (bus.Message, error) { return b.Next(ctx, events.StreamTrace, trace(0), 8) }, 0},
	} {
		m, err := test.look()
		if test.seq == 0 && !errors.Is(err, bus.ErrNotFound) || test.seq != 0 && (err != nil || m.Seq != test.seq || m.Subject != trace(int(m.Seq-1)%3)) {
			t.Errorf("%s: got %+v, %v", test.name, m, err)
		}
	}
	big := strings.Repeat("x", b.MaxPayload())
	seq := mustAppend(t, b, trace(9), 0, big)
	if m, err := b.Last(ctx, events.StreamTrace, trace(9)); err != nil || m.Seq != seq || string(m.Data) != big {
		t.Errorf("biggest message: got %d, %d bytes, %v", m.Seq, len(m.Data), err)
	}
	if _, err := b.Last(ctx, "OTHER", "x"); err == nil || errors.Is(err, bus.ErrNotFound) {
		t.Errorf("no stream of ours: got %v", err)
	}
}

// However a message is read, it is known when the server took it.
func TestAt(t *testing.T) { eachWay(t, testAt) }

func testAt(t *testing.T, way func(*embedded.Config)) {
	b, ctx := bustest.Open(t, way), t.Context()
	before := time.Now().UnixNano()
	mustAppend(t, b, trace(0), 0, "frame")
	seen := make(map[int64]bool)
	get, err := b.Get(ctx, events.StreamTrace, 1)
	if err != nil {
		t.Fatal(err)
	}
	last, err := b.Last(ctx, events.StreamTrace, trace(0))
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("enough")
	var followed bus.Message
	if err := b.Follow(ctx, events.StreamTrace, "", 1, func(m bus.Message) error { followed = m; return stop }); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	for _, m := range []bus.Message{get, last, followed} {
		seen[m.At] = true
		if m.At < before || m.At > time.Now().UnixNano() {
			t.Errorf("taken at %d", m.At)
		}
	}
	if len(seen) != 1 {
		t.Errorf("one message, taken at %v", seen)
	}
}
