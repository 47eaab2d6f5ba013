package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"abraxas.dev/ers/internal/lockfile"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/command"
	"abraxas.dev/ers/pkg/report"
)

// drift is where a window that failed by its latch differs first from what was accepted.
type drift struct {
	place           string
	accepted, found string // "" for both: the place says it all
	hint            string // what is not known of it
}

// showDrift says on standard output in what a window that failed by its latch differs
// first from the values that were accepted, if these were kept, and how to renew these.
func showDrift(ctx context.Context, io *streams, b *bus.Bus, v *events.Verdict, e *lockfile.Entry, renew string) error {
	if e == nil || v.Divergence == nil || v.Divergence.Kind != events.KindLatch {
		return nil
	}
	fmt.Fprintf(io.text(), "\n  accepted in %s: %s\n", lockfile.Name, report.Clean(e.Why))
	if len(e.Values) == 0 {
		fmt.Fprintf(io.text(), "  its values were too large to keep: run the accepted version too, and compare\n")
	} else if d, err := findDrift(ctx, b, v, e); err != nil {
		return err
	} else if d != nil {
		d.tell(io.text())
	}
	fmt.Fprintf(io.text(), "\n  To accept what is found:  %s\n", report.Command(renew))
	return nil
}

func (d *drift) tell(out io.Writer) {
	fmt.Fprintf(out, "  %s\n", report.Clean(d.place))
	if d.accepted+d.found != "" {
		fmt.Fprintf(out, "    accepted  %.300s\n    now       %.300s\n", report.Clean(d.accepted), report.Clean(d.found))
	}
	if d.hint != "" {
		fmt.Fprintf(out, "  %s\n", report.Clean(d.hint))
	}
}

// findDrift compares the first run of a window with the values that were accepted; nil
// where these are equal.
func findDrift(ctx context.Context, b *bus.Bus, v *events.Verdict, e *lockfile.Entry) (*drift, error) {
	next := 0
	for t, err := range client.Ticks(ctx, b, client.All(v.Key(), 0, v.FirstTick, v.Ticks)) {
		if err != nil {
			return nil, err
		}
		for i := range t.Results {
			found := &t.Results[i]
			if next == len(e.Values) {
				return &drift{place: fmt.Sprintf("tick %d: task %q is new", t.Tick.Tick, found.Name)}, nil
			}
			was := &e.Values[next]
			next++
			if d, err := driftOf(ctx, b, t.Tick.Tick, was, found); d != nil || err != nil {
				return d, err
			}
		}
	}
	if next < len(e.Values) {
		return &drift{place: fmt.Sprintf("tick %d: task %q is gone", e.Values[next].Tick, e.Values[next].Task)}, nil
	}
	return nil, nil
}

// driftOf says in what a result differs from the accepted one; nil where it does not.
func driftOf(ctx context.Context, b *bus.Bus, tick int64, was *lockfile.Value, found *events.TaskResult) (*drift, error) {
	before, err := canon.Parse(was.Value)
	if err != nil {
		before = canon.Null // it was checked when it was read
	}
	place := fmt.Sprintf("tick %d, task %q, ", tick, found.Name)
	switch {
	case was.Task != found.Name:
		return &drift{place: fmt.Sprintf("tick %d: task %q where task %q was", tick, found.Name, was.Task)}, nil
	case was.Status != found.Status:
		return &drift{place: place + "status", accepted: was.Status.String(), found: found.Status.String()}, nil
	case before != found.Value:
		d, err := valueDrift(ctx, b, before, found.Value)
		d.place = place + d.place
		return &d, err
	case was.Error != found.Error:
		return &drift{place: place + "error", accepted: was.Error, found: found.Error}, nil
	}
	return nil, nil
}

// valueDrift says in what two values differ: those of commands as what they are, with the
// contents that the store of this window has.
func valueDrift(ctx context.Context, b *bus.Bus, before, found canon.Value) (drift, error) {
	var d events.Divergence
	var x, y canon.Value
	d.Pointer, x, y = canon.FirstDifference("/value", before, found, events.MaxPointer)
	d.Expected = events.Side{Present: x != "", Canonical: string(x)}
	d.Found = events.Side{Present: y != "", Canonical: string(y)}
	open := func(sha string) (io.ReadCloser, error) { return b.OpenObject(ctx, sha) }
	hint := ""
	var err error
	d.Content, err = command.Explain(before, found, strings.TrimPrefix(d.Pointer, "/value"), open)
	if errors.Is(err, bus.ErrNotFound) || errors.Is(err, bus.ErrDamaged) {
		hint, err = "The accepted content is too large for "+lockfile.Name+", and not in this store: run the accepted version too, and compare", nil
	}
	accepted, now := report.Sides(&d)
	return drift{place: report.Place(&d), accepted: accepted, found: now, hint: hint}, err
}
