package audit

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"abraxas.dev/ers/pkg/events"
)

// Windows whose ticks wait too long for their digests are put aside, to be read again
// run by run, where waiting takes no memory. A record can be made so that ticks wait
// for ever, and a hasher may have been late.

// skip tells whether a window is read later, and notes its run.
func (a *auditor) skip(w windowKey, run int) bool {
	runs, later := a.deferred[w]
	if !later || a.alone {
		return false
	}
	runs[run] = true
	return true
}

// deferWindow puts the window with the most ticks that wait aside.
func (a *auditor) deferWindow() {
	waiting := func(w *window) (n int) {
		for _, r := range w.runs {
			n += len(r.pending)
		}
		return n
	}
	most := slices.MaxFunc(slices.SortedFunc(maps.Values(a.windows), compareWindows), func(x, y *window) int { return cmp.Compare(waiting(x), waiting(y)) })
	runs := map[int]bool{}
	for run := range most.runs {
		runs[run] = true
	}
	a.waiting -= waiting(most)
	delete(a.windows, most.key)
	a.deferred[most.key] = runs
}

// readDeferred reads the windows that were put aside.
func (a *auditor) readDeferred(ctx context.Context) error {
	a.alone = true
	keys := slices.SortedFunc(maps.Keys(a.deferred), windowKey.compare)
	for _, w := range keys {
		for _, run := range slices.Sorted(maps.Keys(a.deferred[w])) {
			key := events.RunKey{Pipeline: w.pipeline, Window: w.id, Run: run}
			if err := a.pass(ctx, events.TraceSubject(key), events.DigestSubject(key)); err != nil {
				return err
			}
			if open := a.windows[w]; open != nil && open.runs[run] != nil {
				open.runs[run].rest()
			}
		}
		if err := a.judgeIfDue(ctx, a.windows[w]); err != nil {
			return err
		}
	}
	return nil
}
