package cli

import (
	"context"
	"fmt"

	"abraxas.dev/ers/internal/lockfile"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
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
	e, ok := f.Pipelines[r.Pipeline]
	switch {
	case !ok:
		return nil, nil
	case !e.Covers(r):
		fmt.Fprintf(io.err, "%s: note: %s holds pipeline %s with other contexts, budgets or ticks: its hashes are not held against this window\n", io.name(), lockfile.Name, r.Pipeline)
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

// showDrift says on standard output in what a window that failed by its latch differs
// first from the values that were accepted, if these were kept.
func showDrift(ctx context.Context, io *streams, b *bus.Bus, v *events.Verdict, e *lockfile.Entry) error {
	if e == nil || v.Divergence == nil || v.Divergence.Kind != events.KindLatch {
		return nil
	}
	fmt.Fprintf(io.out, "\n  accepted in %s: %s\n", lockfile.Name, e.Why)
	if len(e.Values) == 0 {
		fmt.Fprintf(io.out, "  its values were too large to keep: run the accepted version too, and compare\n")
		return nil
	}
	next := 0
	for t, err := range client.Ticks(ctx, b, client.All(v.Key(), 0, v.FirstTick, v.Ticks)) {
		if err != nil {
			return err
		}
		for i := range t.Results {
			found := &t.Results[i]
			if next == len(e.Values) {
				fmt.Fprintf(io.out, "  tick %d: task %q is new\n", t.Tick.Tick, found.Name)
				return nil
			}
			was := &e.Values[next]
			if next++; tellDrift(io, t.Tick.Tick, was, found) {
				return nil
			}
		}
	}
	if next < len(e.Values) {
		fmt.Fprintf(io.out, "  tick %d: task %q is gone\n", e.Values[next].Tick, e.Values[next].Task)
	}
	return nil
}

// tellDrift says in what a result differs from the accepted one, if it does.
func tellDrift(io *streams, tick int64, was *lockfile.Value, found *events.TaskResult) bool {
	before, err := canon.Parse(was.Value)
	if err != nil {
		before = canon.Null // it was checked when it was read
	}
	tell := func(what, a, b string) bool {
		fmt.Fprintf(io.out, "  tick %d, task %q, %s\n    accepted  %.300s\n    now       %.300s\n", tick, found.Name, what, a, b)
		return true
	}
	switch {
	case was.Task != found.Name:
		fmt.Fprintf(io.out, "  tick %d: task %q where task %q was\n", tick, found.Name, was.Task)
		return true
	case was.Status != found.Status:
		return tell("status", was.Status.String(), found.Status.String())
	case before != found.Value:
		pointer, a, b := canon.FirstDifference("/value", before, found.Value, events.MaxPointer)
		return tell(pointer, orNothing(a), orNothing(b))
	case was.Error != found.Error:
		return tell("error", was.Error, found.Error)
	}
	return false
}

func orNothing(v canon.Value) string {
	if v == "" {
		return "(nothing)"
	}
	return string(v)
}
