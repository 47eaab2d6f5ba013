package bus_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

func TestCloseLeavesNoGoroutines(t *testing.T) {
	use := func() {
		b, err := embedded.Open(t.Context(), embedded.Config{})
		if err != nil {
			t.Fatal(err)
		}
		appendRuns(t, b, 3, 30)
		follow(t, b, "", 1, 30)
		contents(t, b, events.StreamTrace, trace(1))
		// No PutObject: when it is fast the client's object store leaves a goroutine.
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_ = b.Work(ctx, queue, 2, func(context.Context, bus.WorkItem) error { return nil })
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	use() // starts what a process has once
	before := runtime.NumGoroutine()
	for range 3 {
		use()
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
		}
	}
}
