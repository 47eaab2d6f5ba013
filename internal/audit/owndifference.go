package audit

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// ownDifference is one that a run met by itself, and with which it ended.
type ownDifference struct {
	Kind       string `json:"kind"`
	Tick       int64  `json:"tick"`
	EventIndex int    `json:"event_index"`
	Task       string `json:"task"`
	Pointer    string `json:"pointer"`
	Expected   any    `json:"expected"`
	Found      any    `json:"found"`
}

// readDifference reads the difference with which a run ends.
func readDifference(r *reader, first, last int64) (*ownDifference, error) {
	d := new(ownDifference)
	if err := wantFields(r, 7); err != nil {
		return nil, err
	}
	var err error
	for _, name := range []string{"kind", "tick", "event_index", "task", "pointer", "expected", "found"} {
		if err := r.name(name); err != nil {
			return nil, err
		}
		switch name {
		case "kind":
			d.Kind, err = r.text()
		case "tick":
			if d.Tick, err = r.natural(); err == nil && (d.Tick < first || d.Tick > last) {
				err = fmt.Errorf("%d, and the run has got from tick %d to tick %d", d.Tick, first, last)
			}
		case "event_index":
			var n int64
			if n, err = r.natural(); err == nil && n > math.MaxInt32 {
				err = fmt.Errorf("event %d", n)
			}
			d.EventIndex = int(n)
		case "task":
			d.Task, err = r.text()
		case "pointer":
			d.Pointer, err = r.text()
		case "expected":
			d.Expected, err = r.tree(0)
		case "found":
			d.Found, err = r.tree(0)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return d, d.check()
}

// check tells why a difference cannot be one.
func (d *ownDifference) check() error {
	expected, found := canonical(d.Expected), canonical(d.Found)
	switch {
	case !slices.Contains([]string{"restart", "effect"}, d.Kind):
		return fmt.Errorf("unknown kind %.40q", d.Kind)
	case d.Task == "" || len(d.Task) > maxDescription || len(d.Pointer) > maxPointer:
		return errors.New("it names no task, or one or a pointer that is too long")
	case max(len(expected), len(found)) > maxOwnDifference:
		return fmt.Errorf("a side takes more than %d bytes", maxOwnDifference)
	case expected == found:
		return errors.New("both sides are equal")
	}
	return nil
}

// Bounds of what a difference may hold, in bytes.
const (
	maxDescription   = 8 << 10
	maxOwnDifference = 256 << 10
)

// explainOwn takes in the differences with which runs ended: the earliest counts.
func (j *judgement) explainOwn() {
	for number := range j.request.Runs {
		r := j.runs[number]
		if r == nil || r.final == nil || r.final.Difference == nil || j.isBroken(r) {
			continue
		}
		own := r.final.Difference
		show := func(tree any) side {
			s := side{Run: number, Present: tree != (missing{}), After: []any{}}
			if s.Present {
				s.Canonical, s.Value = canonical(tree), tree
			}
			return s
		}
		d := &divergence{location: location{Kind: own.Kind, Tick: own.Tick, EventIndex: own.EventIndex, Task: own.Task, Pointer: own.Pointer},
			Runs: []int{number}, Before: []any{}, Expected: show(own.Expected), Found: show(own.Found)}
		if own.Pointer == "/value" && outputOf(own.Expected) != nil && outputOf(own.Found) != nil { // it is told to the place in it
			if at, x, y, differ := differenceWithin(maxPointer-len(own.Pointer), own.Expected, own.Found); differ {
				d.Pointer, d.Expected, d.Found = own.Pointer+at, show(x), show(y)
				d.values = [2]any{own.Expected, own.Found}
			}
		}
		if j.want.Divergence == nil || d.earlier(j.want.Divergence) {
			j.want.Divergence = d
		}
	}
}
