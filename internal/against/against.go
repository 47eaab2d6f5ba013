package against

import (
	"context"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// Window is one of two that are compared.
type Window struct {
	Key     events.WindowKey
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
	if r, err = client.Shown(ctx, b, key, r); err != nil {
		return nil, err
	}
	return &Window{key, r, v}, nil
}

// outcome is what a window came to.
func (w *Window) outcome() string {
	if w.Verdict == nil {
		return "running"
	}
	return string(w.Verdict.Outcome)
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
	if c.Asked, err = ask(ctx, b, x.Request, y.Request); err != nil {
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
	c.answer(end - first)
	return c, nil
}

// answer says what the comparison comes to. A difference that is shown counts, whatever
// could not be compared.
func (c *Comparison) answer(common int64) {
	judged := func(outcome string) bool { return outcome == string(events.Pass) || outcome == string(events.Fail) }
	switch {
	case !c.Asked.Same() || c.Ticks != nil && c.Ticks.First != nil:
		c.Answer = Different
	case !judged(c.Outcome.A):
		c.Answer, c.Why = Unknown, fmt.Sprintf("window %d is %s", c.A, c.Outcome.A)
	case !judged(c.Outcome.B):
		c.Answer, c.Why = Unknown, fmt.Sprintf("window %d is %s", c.B, c.Outcome.B)
	case !c.Outcome.Same():
		c.Answer = Different
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
