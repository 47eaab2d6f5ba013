package evaluator

import (
	"os"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// watch ends the process when it takes more memory than it may, or when its parent is
// gone, while it is in a tick. Neither comes to a status: there is no answer then.
type watch struct {
	bound  int64
	parent int
	busy   atomic.Bool
	asleep atomic.Bool
	wake   chan struct{}
}

func newWatch(bound int64) *watch {
	return &watch{bound: bound, parent: os.Getppid(), wake: make(chan struct{}, 1)}
}

func (w *watch) begin() {
	w.busy.Store(true)
	if w.asleep.CompareAndSwap(true, false) {
		w.wake <- struct{}{}
	}
}

func (w *watch) end() { w.busy.Store(false) }

const (
	watchEvery = 5 * time.Millisecond
	watchIdle  = 100 // looks without work before the watch sleeps
)

func (w *watch) run() {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	idle := 0
	for {
		time.Sleep(watchEvery)
		metrics.Read(samples)
		if int64(samples[0].Value.Uint64()-samples[1].Value.Uint64()) > w.bound {
			os.Exit(exitMemory)
		}
		if os.Getppid() != w.parent {
			os.Exit(exitOther)
		}
		if w.busy.Load() {
			idle = 0
			continue
		}
		if idle++; idle < watchIdle {
			continue
		}
		idle = 0
		w.asleep.Store(true)
		if w.busy.Load() && w.asleep.CompareAndSwap(true, false) {
			continue // it has begun meanwhile
		}
		<-w.wake
	}
}
