package against

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"abraxas.dev/ers/internal/record"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// Explanation is the gate's own explanation of the first difference of two sealed runs.
type Explanation struct {
	Headline   string          `json:"headline,omitempty"`
	Divergence json.RawMessage `json:"divergence,omitempty"` // as in a verdict
	Place      string          `json:"place,omitempty"`
	Problem    string          `json:"problem,omitempty"` // why there is none

	Found *events.Divergence `json:"-"` // what Divergence is the document of
}

// Explain has the gate's judge look at two runs, from a little before the first tick that
// differs on and up to before the tick end. They are taken for runs of the window w.
func Explain(ctx context.Context, b *bus.Bus, w *Window, first, end int64, x, y events.RunKey) (Explanation, error) {
	const before = 8 // ticks, for the events before the difference
	r := *w.Request
	r.FirstTick = max(r.FirstTick, first-before)
	r.Ticks, r.Runs, r.Latch, r.Drill, r.Probe = end-r.FirstTick, 2, nil, nil, nil
	r.Groups, r.Variations, r.Fixed, r.Numbers = nil, nil, nil, nil
	last := make([]events.Digest, 2)
	pair := &pairSource{ctx, b, [2]events.RunKey{x, y}, r}
	for i, key := range pair.keys {
		m, err := b.Last(ctx, events.StreamDigest, events.DigestSubject(key))
		if errors.Is(err, bus.ErrNotFound) {
			return Explanation{Problem: "a run has no digest yet"}, nil
		}
		if err != nil {
			return Explanation{}, err
		}
		d := &last[i]
		if err := events.Decode(m.Data, d); err != nil {
			return Explanation{Problem: fmt.Sprintf("the last digest of run %d cannot be read", key.Run)}, nil
		}
		if !d.Final {
			return Explanation{Problem: "the first difference is explained when both runs are sealed"}, nil
		}
		d.Request, d.Pipeline, d.Window, d.Run, d.Covers = w.Key.Request, w.Key.Pipeline, w.Key.Window, i, nil
		d.FirstTick, d.Ticks, d.Done = r.FirstTick, r.Ticks, r.Ticks
	}
	v, err := compare.Judge(w.Key, &r, last, pair)
	if err != nil {
		return Explanation{}, err
	}
	if v.Divergence == nil {
		return Explanation{Problem: report.Headline(&v)}, nil
	}
	pair.rename(&v)
	headline := strings.TrimPrefix(report.Headline(&v), "a tie: ") // of two runs, neither is odd
	document, err := events.Encode(v.Divergence)
	return Explanation{Headline: headline, Place: report.Place(v.Divergence), Divergence: document, Found: v.Divergence}, err
}

// pairSource is the evidence on two runs, as if they were a window of two.
type pairSource struct {
	ctx     context.Context
	bus     *bus.Bus
	keys    [2]events.RunKey
	request events.WindowRequest
}

// Complete is asked of runs that are equal, and these differ.
func (p *pairSource) Complete(int) error { return nil }

func (p *pairSource) TickDigests(run int) iter.Seq2[events.TickDigest, error] {
	return record.TickDigests(p.ctx, p.bus, p.keys[run], p.request.FirstTick, p.request.FirstTick+p.request.Ticks)
}

// Ticks are asked for of runs that are equal.
func (p *pairSource) Ticks(int) iter.Seq2[events.Tick, error] {
	return func(func(events.Tick, error) bool) {}
}

func (p *pairSource) Tick(run int, d events.TickDigest) (events.Tick, error) {
	return record.Tick(p.ctx, p.bus, p.keys[run], d.Tick)
}

// Surroundings are not looked at: two runs that somebody compares are no window.
func (p *pairSource) Surroundings(int) (canon.Value, error) { return "", nil }
func (p *pairSource) Resumed(int) ([]canon.Value, error)    { return nil, nil }

func (p *pairSource) Object(sha string) (io.ReadCloser, error) {
	return p.bus.OpenObject(p.ctx, sha)
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
