package against

import (
	"context"
	"errors"
	"iter"
	"slices"

	"abraxas.dev/ers/internal/record"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// runs chooses the two runs whose ticks are compared: one of the window b that comes to what
// no run of a does, or else one of a that comes to what no run of b does; of the other
// window one of its largest group. Runs without shadow tasks are left aside.
func runs(a, b *Window) [2]int {
	if run, ok := odd(b, a); ok {
		return [2]int{typical(a), run}
	}
	if run, ok := odd(a, b); ok {
		return [2]int{run, typical(b)}
	}
	return [2]int{typical(a), typical(b)}
}

// plain are the groups of a window's runs that are made with all tasks.
func plain(w *Window) (list []events.Group) {
	if w.Verdict == nil {
		return nil
	}
	for _, g := range w.Verdict.Groups {
		if len(g.Runs) > 0 && events.Made(w.Verdict.RunGroups, g.Runs) < 0 {
			list = append(list, g)
		}
	}
	return list
}

// typical is a run of the largest group.
func typical(w *Window) int {
	if groups := plain(w); len(groups) > 0 {
		return groups[0].Runs[0]
	}
	return 0
}

// odd is a run of a window that is equal to none of another one: the one in which the
// window's verdict finds its first difference, where it is that.
func odd(w, other *Window) (run int, ok bool) {
	var list []int
	for _, g := range plain(w) {
		if !slices.ContainsFunc(plain(other), func(o events.Group) bool { return alike(&o, &g) }) {
			list = append(list, g.Runs...)
		}
	}
	if len(list) == 0 {
		return 0, false
	}
	if d := w.Verdict.Divergence; d != nil && slices.Contains(list, d.Found.Run) {
		return d.Found.Run, true
	}
	return list[0], true
}

func alike(a, b *events.Group) bool { return a.Hash == b.Hash && a.ResultHash == b.ResultHash }

// EqualGroups lists the groups of window b that are equal to the largest of window a.
func EqualGroups(a, b *Window) []int {
	list := []int{}
	if a.Verdict == nil || b.Verdict == nil || len(a.Verdict.Groups) == 0 {
		return list
	}
	for i, g := range b.Verdict.Groups {
		if alike(&g, &a.Verdict.Groups[0]) {
			list = append(list, i)
		}
	}
	return list
}

// Tick tells whether two runs are equal to the byte in a tick.
type Tick struct {
	Tick  int64
	Equal bool
}

// Ticks compares two runs tick by tick, up to before the tick end and as far as both are
// hashed.
func Ticks(ctx context.Context, b *bus.Bus, x, y events.RunKey, from, end int64) iter.Seq2[Tick, error] {
	return func(yield func(Tick, error) bool) {
		nextX, stopX := iter.Pull2(record.TickDigests(ctx, b, x, from, end))
		defer stopX()
		nextY, stopY := iter.Pull2(record.TickDigests(ctx, b, y, from, end))
		defer stopY()
		for tick := from; tick < end; tick++ {
			tx, errX, okX := nextX()
			ty, errY, okY := nextY()
			if err := errors.Join(errX, errY); err != nil {
				yield(Tick{}, err)
				return
			}
			if !okX || !okY || tx.Tick != tick || ty.Tick != tick {
				return
			}
			if !yield(Tick{tick, record.Same(&tx, &ty)}, nil) {
				return
			}
		}
	}
}
