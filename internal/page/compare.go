package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
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

	// The gate's own explanation of the first difference of two sealed runs.
	Headline   string          `json:"headline,omitempty"`
	Divergence json.RawMessage `json:"divergence,omitempty"`
	Place      string          `json:"place,omitempty"`
	Problem    string          `json:"problem,omitempty"`
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
	return c, s.explain(ctx, w, w.request.FirstTick+w.request.Ticks, a, b, c)
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
	nextA, stopA := iter.Pull2(s.tickDigests(ctx, a, start, c.To))
	defer stopA()
	nextB, stopB := iter.Pull2(s.tickDigests(ctx, b, start, c.To))
	defer stopB()
	c.Compared = start - c.From
	differ := make([]int64, c.Columns)
	for tick := start; tick < c.To; tick++ {
		ta, errA, okA := nextA()
		tb, errB, okB := nextB()
		if err := errors.Join(errA, errB); err != nil {
			return err
		}
		if !okA || !okB || ta.Tick != tick || tb.Tick != tick {
			for column := c.column(tick); column < c.Columns; column++ {
				if differ[column] == 0 {
					differ[column] = classNotHashed
				}
			}
			break
		}
		c.Compared++
		if same(&ta, &tb) {
			continue
		}
		if c.First == nil {
			c.First = &tick
		}
		c.Differ++
		differ[c.column(tick)]++
	}
	for _, n := range differ {
		c.Cells = appendCell(c.Cells, n)
	}
	return nil
}

// explain has the gate's judge look at the two runs, from a little before their first
// difference on and up to before the tick end. They are taken for runs of the window w.
func (s *Server) explain(ctx context.Context, w *window, end int64, a, b events.RunKey, c *compareAnswer) error {
	const before = 8 // ticks, for the events before the difference
	r := *w.request
	r.FirstTick = max(r.FirstTick, *c.First-before)
	r.Ticks, r.Runs, r.Latch, r.Drill, r.Probe = end-r.FirstTick, 2, nil, nil, nil
	r.Groups, r.Variations, r.Fixed, r.Numbers = nil, nil, nil, nil
	last := make([]events.Digest, 2)
	pair := &pairSource{ctx, s, [2]events.RunKey{a, b}, r}
	for i, key := range pair.keys {
		m, err := s.Bus.Last(ctx, events.StreamDigest, events.DigestSubject(key))
		if errors.Is(err, bus.ErrNotFound) {
			c.Problem = "a run has no digest yet"
			return nil
		}
		if err != nil {
			return err
		}
		d := &last[i]
		if err := events.Decode(m.Data, d); err != nil {
			c.Problem = fmt.Sprintf("the last digest of run %d cannot be read", key.Run)
			return nil
		}
		if !d.Final {
			c.Problem = "the first difference is explained when both runs are sealed"
			return nil
		}
		d.Request, d.Pipeline, d.Window, d.Run, d.Covers = w.Request, w.Pipeline, w.Window, i, nil
		d.FirstTick, d.Ticks, d.Done = r.FirstTick, r.Ticks, r.Ticks
	}
	v, err := compare.Judge(w.WindowKey, &r, last, pair)
	if err != nil {
		return err
	}
	if v.Divergence == nil {
		c.Problem = report.Headline(&v)
		return nil
	}
	pair.rename(&v)
	c.Headline = strings.TrimPrefix(report.Headline(&v), "a tie: ") // of two runs, neither is odd
	c.Place = report.Place(v.Divergence)
	c.Divergence, err = events.Encode(v.Divergence)
	return err
}

// pairSource is the evidence on two runs of a window, as if they were a window of two.
type pairSource struct {
	ctx     context.Context
	server  *Server
	keys    [2]events.RunKey
	request events.WindowRequest
}

// Complete is asked of runs that are equal, and these differ.
func (p *pairSource) Complete(int) error { return nil }

func (p *pairSource) TickDigests(run int) iter.Seq2[events.TickDigest, error] {
	return func(yield func(events.TickDigest, error) bool) {
		for t, err := range p.server.tickDigests(p.ctx, p.keys[run], p.request.FirstTick, p.request.FirstTick+p.request.Ticks) {
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

func (p *pairSource) Tick(run int, d events.TickDigest) (events.Tick, error) {
	return p.server.loadTick(p.ctx, p.keys[run], d.Tick)
}

// Surroundings are not looked at: two runs that somebody compares are no window.
func (p *pairSource) Surroundings(int) (canon.Value, error) { return "", nil }
func (p *pairSource) Resumed(int) ([]canon.Value, error)    { return nil, nil }

func (p *pairSource) Object(sha string) (io.ReadCloser, error) {
	return p.server.Bus.OpenObject(p.ctx, sha)
}

// rename gives the two runs their own numbers again.
func (p *pairSource) rename(v *events.Verdict) {
	number := func(run int) int { return p.keys[run].Run }
	d := v.Divergence
	d.Expected.Run, d.Found.Run = number(d.Expected.Run), number(d.Found.Run)
	d.Runs = []int{d.Found.Run}
	for i := range v.Groups { // of one run each
		v.Groups[i].Runs = []int{number(v.Groups[i].Runs[0])}
	}
}
