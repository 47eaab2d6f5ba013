package cli

import (
	"context"

	"abraxas.dev/ers/internal/lockfile"
	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// lockOf returns what the pipeline of a request was accepted with by the lock file of a
// folder, nil when that says nothing about it.
func lockOf(io *streams, dir string, r *events.WindowRequest) (*lockfile.Entry, error) {
	f, err := lockfile.Read(dir)
	if err != nil {
		return nil, err
	}
	e, ok := f.Pipelines[lockfile.Key(r)]
	switch {
	case !ok:
		if _, plain := f.Pipelines[r.Pipeline]; plain {
			io.say("note: %s holds pipeline %s without a budget's name: its hashes are not held against the window of budget %s", lockfile.Name, r.Pipeline, r.BudgetName)
		}
		return nil, nil
	case !e.Covers(r):
		io.say("note: %s holds pipeline %s with other contexts, budgets or ticks: its hashes are not held against this window", lockfile.Name, lockfile.Key(r))
		return nil, nil
	}
	return &e, nil
}

// accepted makes an entry of a window that passed.
func accepted(ctx context.Context, b *bus.Bus, v *events.Verdict, why string) (lockfile.Entry, error) {
	r, _, err := client.Get(ctx, b, v.Window)
	if err != nil {
		return lockfile.Entry{}, err
	}
	e := lockfile.Entry{Why: why, Contexts: r.ContextsSHA256, Definition: r.DefinitionSHA256, Budget: r.Budget,
		FirstTick: r.FirstTick, Ticks: r.Ticks, Trace: v.ExpectedHash, Result: v.ExpectedResultHash}
	size := 0
	for t, err := range client.Ticks(ctx, b, client.All(v.Key(), 0, v.FirstTick, v.Ticks)) {
		if err != nil {
			return e, err
		}
		for i := range t.Results {
			r := &t.Results[i]
			if size += len(r.Name) + len(r.Value) + len(r.Error); size > lockfile.MaxValues || !r.Value.Standard() {
				e.Values = nil
				return e, nil
			}
			e.Values = append(e.Values, lockfile.Value{Tick: t.Tick.Tick, Task: r.Name, Status: r.Status, Value: []byte(r.Value), Error: r.Error})
		}
	}
	return e, nil
}

// locksOf is lockOf for several windows.
func locksOf(io *streams, windows []*pipeline.File) (list []*lockfile.Entry, err error) {
	for _, f := range windows {
		r := f.Request()
		e, err := lockOf(io, f.Dir, &r)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}
