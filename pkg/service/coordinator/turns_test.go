package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"abraxas.dev/ers/pkg/scheduler"
)

// waitFor waits until n are waiting for a turn.
func (t *turns) waitFor(n int) {
	for {
		t.mu.Lock()
		waiting := 0
		for _, l := range t.lines {
			for _, q := range l.windows {
				waiting += len(q.waiting)
			}
		}
		t.mu.Unlock()
		if waiting == n {
			return
		}
	}
}

// A flood of one pipeline, and of one window of it, does not keep the others waiting.
func TestTurnsAreFair(t *testing.T) {
	turns := newTurns(1)
	if err := turns.take(t.Context(), "first", 1); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	waiting := 0
	ask := func(pipeline string, window uint64, n int) {
		for range n {
			go func() {
				if err := turns.take(t.Context(), pipeline, window); err != nil {
					t.Error(err)
				}
				got <- fmt.Sprint(pipeline, window)
			}()
			waiting++
			turns.waitFor(waiting)
		}
	}
	ask("flood", 1, 6)
	ask("flood", 2, 2)
	ask("small", 3, 2)
	var order []string
	for range waiting {
		turns.give()
		order = append(order, <-got)
	}
	want := []string{"flood1", "small3", "flood2", "small3", "flood1", "flood2", "flood1", "flood1", "flood1", "flood1"}
	if !slices.Equal(order, want) {
		t.Errorf("got  %v\nwant %v", order, want)
	}
	turns.give()
	if turns.free != 1 || len(turns.lines) != 0 {
		t.Errorf("%d free, lines %v", turns.free, turns.lines)
	}
}

// Who no longer waits takes no turn with him.
func TestTurnsOfThoseWhoLeft(t *testing.T) {
	turns := newTurns(1)
	if err := turns.take(t.Context(), "p", 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { left <- turns.take(ctx, "p", 2) }()
	turns.waitFor(1)
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	turns.give()
	if err := turns.take(t.Context(), "p", 3); err != nil || turns.free != 0 {
		t.Errorf("%d free, %v", turns.free, err)
	}
}

type apartRun struct{ Run }

func (apartRun) Apart() bool { return true }

// Many short ticks of workers go on at once, but not long ones, and no tick of a worker
// holds up one that is computed here.
func TestTurnsOfWorkers(t *testing.T) {
	w := window{Coordinator: &Coordinator{turns: newTurns(1), workerTurns: newTurns(1), shortTurns: newTurns(8)}, short: []bool{false, true}}
	for _, c := range []struct {
		of   Run
		run  int
		want *turns
	}{{apartRun{}, 0, w.workerTurns}, {apartRun{}, 1, w.shortTurns}, {scheduler.New(), 1, w.turns}} {
		if got := w.turnsOf(c.of, c.run); got != c.want {
			t.Errorf("%T, run %d: has other turns", c.of, c.run)
		}
	}
}
