package bus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

var queue = bus.Windows(events.Starlark, "")

// request appends n windows to the queue.
func request(t testing.TB, b *bus.Bus, n int) {
	t.Helper()
	for i := range n {
		mustAppend(t, b, events.WindowSubject(events.Starlark, fmt.Sprint("p", i)), 0, fmt.Sprint("window ", i))
	}
}

// work runs Work until the test ends or stop is called, which waits for it.
func work(t testing.TB, b *bus.Bus, parallel int, handle func(context.Context, bus.WorkItem) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := b.Work(ctx, queue, parallel, handle); !errors.Is(err, context.Canceled) {
			t.Errorf("work ended: %v", err)
		}
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

// receive waits for something to come out of a channel.
func receive[T any](t testing.TB, c <-chan T, within time.Duration) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(within):
		t.Fatalf("nothing came within %v", within)
	}
	return v
}

// wantDone waits until the server has heard that the queue is done with everything.
func wantDone(t testing.TB, b *bus.Bus) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; {
		c, err := b.JetStream().Consumer(t.Context(), events.StreamWindow, queue.Consumer)
		if err != nil {
			t.Fatal(err)
		}
		info := c.CachedInfo()
		if info.NumAckPending == 0 && info.NumPending == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d windows are in hand and %d to come", info.NumAckPending, info.NumPending)
		}
	}
}

func TestWork(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	request(t, b, 5)
	got := make(chan bus.WorkItem, 100)
	stop := work(t, b, 2, func(_ context.Context, w bus.WorkItem) error {
		got <- w
		return nil
	})
	var seqs []uint64
	for range 5 {
		w := receive(t, got, 5*time.Second)
		i := w.Seq - 1
		if w.Subject != events.WindowSubject(events.Starlark, fmt.Sprint("p", i)) || string(w.Data) != fmt.Sprint("window ", i) || w.Deliveries != 1 || w.Stream != events.StreamWindow {
			t.Errorf("got %+v", w)
		}
		seqs = append(seqs, w.Seq)
	}
	slices.Sort(seqs)
	if !slices.Equal(seqs, []uint64{1, 2, 3, 4, 5}) {
		t.Errorf("got windows %v", seqs)
	}
	stop()
	wantDone(t, b)
}

func TestWorkByError(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	request(t, b, 2)
	got := make(chan bus.WorkItem, 100)
	stop := work(t, b, 1, func(_ context.Context, w bus.WorkItem) error {
		got <- w
		switch {
		case w.Seq == 1:
			return fmt.Errorf("bad definition: %w", bus.ErrDrop)
		case w.Deliveries == 1:
			return errors.New("object store away")
		}
		return nil
	})
	for _, want := range []struct{ seq, deliveries uint64 }{{1, 1}, {2, 1}, {2, 2}} {
		if w := receive(t, got, 5*time.Second); w.Seq != want.seq || w.Deliveries != want.deliveries {
			t.Errorf("got window %d, delivery %d; want %v", w.Seq, w.Deliveries, want)
		}
	}
	stop()
	wantDone(t, b)
}

func TestWorkInParallel(t *testing.T) {
	t.Parallel()
	const parallel, windows = 3, 9
	b := bustest.Open(t)
	request(t, b, windows)
	var now, most atomic.Int32
	var done sync.WaitGroup
	done.Add(windows)
	var full sync.WaitGroup // the first handlers wait for each other
	full.Add(parallel)
	work(t, b, parallel, func(_ context.Context, w bus.WorkItem) error {
		defer done.Done()
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		if w.Seq <= parallel {
			full.Done()
			full.Wait()
		}
		now.Add(-1)
		return nil
	})
	done.Wait()
	if most.Load() != parallel {
		t.Errorf("%d at once, want %d", most.Load(), parallel)
	}
}

// A coordinator that stops hands its window to another at once.
func TestWorkHandedOver(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	one, other := bustest.Connect(t, s.URL()), bustest.Connect(t, s.URL())
	request(t, one, 1)
	held := make(chan bus.WorkItem)
	stop := work(t, one, 1, func(ctx context.Context, w bus.WorkItem) error {
		held <- w
		<-ctx.Done()
		return ctx.Err()
	})
	receive(t, held, 5*time.Second)
	got := make(chan bus.WorkItem, 1)
	work(t, other, 1, func(_ context.Context, w bus.WorkItem) error {
		got <- w
		return nil
	})
	stop()
	if w := receive(t, got, 2500*time.Millisecond); w.Deliveries != 2 {
		t.Errorf("got %+v", w)
	}
}

// A window comes back when the connection of its holder is gone.
func TestWorkAfterCrash(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	one, other := bustest.Connect(t, s.URL()), bustest.Connect(t, s.URL())
	request(t, one, 1)
	held := make(chan bus.WorkItem)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	go one.Work(t.Context(), queue, 1, func(_ context.Context, w bus.WorkItem) error {
		held <- w
		<-release
		return nil
	})
	receive(t, held, 5*time.Second)
	got := make(chan bus.WorkItem, 1)
	work(t, other, 1, func(_ context.Context, w bus.WorkItem) error {
		got <- w
		return nil
	})
	one.Conn().Close() // as kill -9 does
	if w := receive(t, got, 8*time.Second); w.Deliveries < 2 {
		t.Errorf("got %+v", w)
	}
}

func TestWorkOverRestart(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	b := bustest.Connect(t, s.URL())
	request(t, b, 1)
	held := make(chan uint64, 10)
	release := make(chan struct{})
	work(t, b, 2, func(_ context.Context, w bus.WorkItem) error {
		held <- w.Seq
		<-release
		return nil
	})
	receive(t, held, 5*time.Second)
	s.Stop()
	s.Start()
	mustAppend(t, b, events.WindowSubject(events.Starlark, "later"), 0, "x")
	if seq := receive(t, held, 10*time.Second); seq != 2 {
		t.Errorf("got window %d", seq)
	}
	close(release)
	wantDone(t, b)
}
