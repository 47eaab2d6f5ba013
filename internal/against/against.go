package against

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// Window is one of two that are compared.
type Window struct {
	Key     events.WindowKey
	Asked   *events.WindowRequest // as it is on the stream
	Request *events.WindowRequest // as it is shown, see client.Shown
	Verdict *events.Verdict       // nil while there is none
}

// Open reads a window.
func Open(ctx context.Context, b *bus.Bus, id uint64) (*Window, error) {
	r, key, err := client.Get(ctx, b, id)
	if err != nil {
		return nil, err
	}
	v, _, err := client.VerdictSoFar(ctx, b, key)
	if err != nil {
		return nil, err
	}
	shown, err := client.Shown(ctx, b, key, r)
	if err != nil {
		return nil, err
	}
	return &Window{key, r, shown, v}, nil
}

// outcome is what a window came to.
func (w *Window) outcome() string {
	if w.Verdict == nil {
		return "running"
	}
	return string(w.Verdict.Outcome)
}

// undecided says why there is more to a window than its groups of equal runs say, "" where
// there is not.
func (w *Window) undecided() string {
	v := w.Verdict
	switch {
	case v == nil || v.Outcome == events.Inconclusive:
		return fmt.Sprintf("window %d is %s", w.Key.Window, w.outcome())
	case len(v.Problems) > 0:
		return fmt.Sprintf("not all runs of window %d could be judged", w.Key.Window)
	case v.Divergence != nil && slices.Contains(events.OwnKinds, v.Divergence.Kind):
		return fmt.Sprintf("a run of window %d differs from its own record", w.Key.Window)
	}
	return ""
}

// Comparison is window b held against window a.
type Comparison struct {
	A       uint64  `json:"a"`
	B       uint64  `json:"b"`
	Answer  Answer  `json:"answer"`
	Why     string  `json:"why,omitempty"` // it could not be told
	Outcome Fact    `json:"outcome"`
	Asked   *Asked  `json:"asked"`
	Around  []Fact  `json:"around"` // what the two runs say of where and by what they were made
	Runs    *[2]int `json:"runs"`   // of a and of b, whose ticks are compared; null: there are no ticks in both
	Ticks   *Differ `json:"ticks"`  // of these two
}

// Answer says whether two windows ask for the same and come to the same.
type Answer string

const (
	Equal     Answer = "equal"
	Different Answer = "different"
	Unknown   Answer = "unknown"
)

// Differ is what the comparison of two runs came to.
type Differ struct {
	Compared int64  `json:"compared"` // ticks that both have
	Differ   int64  `json:"differ"`   // of these
	First    *int64 `json:"first"`    // the first that differs; null: none
	Explanation
}

// Compare holds window y against window x.
func Compare(ctx context.Context, b *bus.Bus, x, y *Window) (*Comparison, error) {
	c := &Comparison{A: x.Key.Window, B: y.Key.Window, Outcome: Fact{"outcome", x.outcome(), y.outcome()}, Around: []Fact{}}
	var err error
	if c.Asked, err = ask(ctx, b, x.Asked, y.Asked); err != nil {
		return nil, err
	}
	first := max(x.Request.FirstTick, y.Request.FirstTick)
	end := min(x.Request.FirstTick+x.Request.Ticks, y.Request.FirstTick+y.Request.Ticks)
	if first < end {
		two := runs(x, y)
		c.Runs = &two
		keyX, keyY := x.Key.Run(two[0]), y.Key.Run(two[1])
		if c.Ticks, err = differ(ctx, b, y, keyX, keyY, first, end); err != nil {
			return nil, err
		}
		list, err := around(ctx, b, keyX, keyY, x.Request.FirstTick, y.Request.FirstTick)
		if err != nil {
			return nil, err
		}
		c.Around = append(c.Around, list...)
	}
	c.answer(x, y, end-first)
	return c, nil
}

// answer says what the comparison comes to. A difference that is shown counts, whatever
// could not be compared.
func (c *Comparison) answer(x, y *Window, common int64) {
	judged := func(w *Window) bool { return w.Verdict != nil && w.Verdict.Outcome != events.Inconclusive }
	c.Why = cmp.Or(x.undecided(), y.undecided())
	switch {
	case !c.Asked.Same() || c.Ticks != nil && c.Ticks.First != nil || judged(x) && judged(y) && !c.Outcome.Same():
		c.Answer, c.Why = Different, ""
	case c.Why != "":
		c.Answer = Unknown
	case c.Ticks == nil || c.Ticks.Compared < common:
		c.Answer, c.Why = Unknown, "not all ticks that they have in common are hashed"
	default:
		c.Answer = Equal
	}
}

// differ compares the ticks of two runs, and explains their first difference.
func differ(ctx context.Context, b *bus.Bus, w *Window, x, y events.RunKey, first, end int64) (*Differ, error) {
	d := new(Differ)
	for t, err := range Ticks(ctx, b, x, y, first, end) {
		if err != nil {
			return nil, err
		}
		d.Compared++
		if t.Equal {
			continue
		}
		d.Differ++
		if d.First == nil {
			d.First = &t.Tick
		}
	}
	if d.First == nil {
		return d, nil
	}
	var err error
	if d.Explanation, err = Explain(ctx, b, w, *d.First, end, x, y); d.Found != nil {
		d.Headline = report.Difference(d.Found) // the number of a run says nothing here
	}
	return d, err
}
