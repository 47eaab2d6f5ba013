package page

import (
	"context"
	"math"
	"strings"

	"abraxas.dev/ers/internal/record"
	"abraxas.dev/ers/pkg/events"
)

const (
	maxTickEvents = 500       // in one answer
	maxShown      = 128 << 10 // bytes of an event or a result
)

// tickAnswer is one tick of one run. Events and results are canonical bytes in a JSON
// string: a browser's numbers cannot tell 1 from 1.0.
type tickAnswer struct {
	Run     int                `json:"run"`
	Tick    int64              `json:"tick"`
	Found   bool               `json:"found"` // recorded so far
	Total   int                `json:"total"` // events of the tick
	Offset  int                `json:"offset"`
	Events  []string           `json:"events"`
	Results []string           `json:"results"`
	Seqs    []uint64           `json:"seqs"`   // of its frames on ERS_TRACE
	Digest  *events.TickDigest `json:"digest"` // null: not hashed yet
	Cut     bool               `json:"cut,omitempty"`
	Broken  string             `json:"broken,omitempty"`
}

func (s *Server) tick(ctx context.Context, q query) (any, error) {
	w, err := s.findWindowOf(ctx, q)
	if err == nil {
		err = w.here()
	}
	if err != nil {
		return nil, err
	}
	key, err := q.key(w, "run")
	if err != nil {
		return nil, err
	}
	first := w.request.FirstTick
	tick, err := q.number("tick", first, first, first+w.request.Ticks-1)
	if err != nil {
		return nil, err
	}
	offset, err := q.number("offset", 0, 0, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	a := &tickAnswer{Run: key.Run, Tick: tick, Offset: int(offset), Events: []string{}, Results: []string{}, Seqs: []uint64{}}
	broken, err := record.EachFrame(ctx, s.Bus, key, tick, tick+1, a.add)
	if err != nil {
		return nil, err
	}
	if broken != "" {
		a.Broken = broken
	}
	for t, err := range record.TickDigests(ctx, s.Bus, key, tick, tick+1) {
		if err != nil {
			return nil, err
		}
		a.Digest = &t
	}
	return a, nil
}

func (a *tickAnswer) add(f record.Frame) {
	if f.Abandoned != "" {
		a.Broken = "the coordinator gave the run up here: " + f.Abandoned
		return
	}
	a.Found, a.Total = true, f.Total
	a.Seqs = append(a.Seqs, f.Seq)
	for i := range f.Len() {
		if at := f.First + i; at < a.Offset || len(a.Events) == maxTickEvents {
			continue
		}
		a.Events = append(a.Events, a.shown(f.Event(i)))
		a.Results = append(a.Results, a.shown(f.Result(i)))
	}
}

func (a *tickAnswer) shown(canonical []byte) string {
	if len(canonical) <= maxShown {
		return string(canonical)
	}
	a.Cut = true
	return strings.ToValidUTF8(string(canonical[:maxShown]), "") + "…"
}
