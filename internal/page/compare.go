package page

import (
	"context"
	"slices"

	"abraxas.dev/ers/internal/against"
	"abraxas.dev/ers/pkg/events"
)

// compareAnswer is two runs of a window beside each other.
type compareAnswer struct {
	span
	A        int       `json:"a"`
	B        int       `json:"b"`
	Cells    []stretch `json:"cells"`    // ticks that differ in a column, -1 where one is not hashed; columns
	Compared int64     `json:"compared"` // ticks of the range
	Differ   int64     `json:"differ"`   // ticks of the range
	First    *int64    `json:"first"`    // the first tick of the range that differs; null: none
	against.Explanation
}

func (s *Server) compare(ctx context.Context, q query) (any, error) {
	p, err := s.picture(ctx, q, "a", "b")
	if err != nil {
		return nil, err
	}
	defer p.done()

	w, at, a, b := p.window, p.at, p.runs[0], p.runs[1]
	c := &compareAnswer{span: at, A: a.Run, B: b.Run}
	if sameGroup(w.verdict, a.Run, b.Run) {
		c.Cells, c.Compared = []stretch{{0, int64(at.Columns)}}, at.To-at.From
		return c, nil
	}
	if err := s.walk(ctx, a, b, c, max(at.From, equalUpTo(w.verdict, a.Run, b.Run))); err != nil {
		return nil, err
	}
	if c.First == nil {
		return c, nil
	}
	c.Explanation, err = against.Explain(ctx, s.Bus, w.against(), *c.First, w.request.FirstTick+w.request.Ticks, a, b)
	return c, err
}

func sameGroup(v *events.Verdict, a, b int) bool {
	return a == b || v != nil && v.Hashes[a] != "" && v.Hashes[a] == v.Hashes[b] && v.ResultHashes[a] == v.ResultHashes[b]
}

// equalUpTo is the tick before which the verdict says that two runs are equal: where one
// is in the largest group, the other differs from it there first. 0: it does not say.
func equalUpTo(v *events.Verdict, a, b int) int64 {
	if v == nil || len(v.Groups) == 0 {
		return 0
	}
	if slices.Contains(v.Groups[0].Runs, b) {
		a, b = b, a
	}
	for _, g := range v.Groups[1:] {
		if g.Differs != nil && slices.Contains(g.Runs, b) && slices.Contains(v.Groups[0].Runs, a) {
			return g.Differs.Tick
		}
	}
	return 0
}

// walk compares two runs tick by tick, from the tick start on; before it they are equal.
func (s *Server) walk(ctx context.Context, a, b events.RunKey, c *compareAnswer, start int64) error {
	start = min(start, c.To)
	c.Compared = start - c.From
	differ := make([]int64, c.Columns)
	next := start
	for t, err := range against.Ticks(ctx, s.Bus, a, b, start, c.To) {
		if err != nil {
			return err
		}
		next++
		c.Compared++
		if t.Equal {
			continue
		}
		if c.First == nil {
			c.First = &t.Tick
		}
		c.Differ++
		differ[c.column(t.Tick)]++
	}
	if next < c.To {
		for column := c.column(next); column < c.Columns; column++ {
			if differ[column] == 0 {
				differ[column] = classNotHashed
			}
		}
	}
	for _, n := range differ {
		c.Cells = appendCell(c.Cells, n)
	}
	return nil
}
