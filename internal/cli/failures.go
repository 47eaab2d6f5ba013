package cli

import (
	"context"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// looked is in how many ticks warnOfFailures looks at most.
const looked = 1000

// warnOfFailures says on standard error which tasks ended in error in the first run of
// a window that passed: runs are equal also when a mistake in a task makes it fail
// in all of them.
func warnOfFailures(ctx context.Context, io *streams, b *bus.Bus, v *events.Verdict) {
	type failure struct {
		task, first string
		ticks       int
	}
	var failures []*failure // in the order of their first ticks
	byTask := make(map[string]*failure)
	ticks := 0
	for t, err := range client.Ticks(ctx, b, client.All(v.Key(), 0, v.FirstTick, v.Ticks)) {
		if err != nil || ticks == looked {
			break
		}
		ticks++
		for i := range t.Results {
			r := &t.Results[i]
			if r.Status != events.Error {
				continue
			}
			f := byTask[r.Name]
			if f == nil {
				f = &failure{task: r.Name, first: r.Error}
				byTask[r.Name] = f
				failures = append(failures, f)
			}
			f.ticks++
		}
	}
	for _, f := range failures {
		io.say("note: %.80q ended in error in %d of %d ticks, in all runs alike: %.200q", f.task, f.ticks, ticks, f.first)
	}
}
