package page

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"

	"abraxas.dev/ers/internal/against"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// maxObject is how much of a definition, or of contexts, is shown.
const maxObject = 128 << 10

// againstAnswer is a window held against another one, as a fail against the last pass. In
// what is compared, the other one is a and the window is b.
type againstAnswer struct {
	Window Summary `json:"window"`
	Other  Summary `json:"other"`
	*against.Comparison
	Texts []against.Fact `json:"texts"` // the definitions and the contexts, where they differ and can be read
	Equal []int          `json:"equal"` // groups of the window that are equal to the other's largest
}

func (s *Server) against(ctx context.Context, q query) (any, error) {
	w, err := s.findWindowOf(ctx, q)
	if err != nil {
		return nil, err
	}
	id, err := q.number("other", 0, 1, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	other, err := s.findWindow(ctx, uint64(id))
	if errors.Is(err, bus.ErrNotFound) {
		return nil, badf("There is no window %d on this server to compare with.", id)
	}
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(w.here(), other.here()); err != nil {
		return nil, err
	}
	done, err := s.readMany(ctx)
	if err != nil {
		return nil, err
	}
	defer done()

	c, err := against.Compare(ctx, s.Bus, other.against(), w.against())
	if err != nil {
		return nil, err
	}
	a := &againstAnswer{Window: w.summary(), Other: other.summary(), Comparison: c, Texts: []against.Fact{}, Equal: against.EqualGroups(other.against(), w.against())}
	for _, f := range c.Asked.Facts {
		if f.Same() || f.Name != against.DefinitionFact && f.Name != against.ContextsFact {
			continue
		}
		x, y := s.objectText(ctx, f.A), s.objectText(ctx, f.B)
		if x != "" && y != "" {
			a.Texts = append(a.Texts, against.Fact{Name: f.Name, A: x, B: y})
		}
	}
	return a, nil
}

// objectText reads a definition or contexts; "": it cannot be had, or is too long to show.
func (s *Server) objectText(ctx context.Context, sha string) string {
	r, err := s.Bus.OpenObject(ctx, sha)
	if err != nil {
		return ""
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, maxObject+1))
	if err != nil || len(text) > maxObject {
		return ""
	}
	return string(text)
}

// against is the window as one of two that are compared.
func (w *window) against() *against.Window {
	return &against.Window{Key: w.WindowKey, Asked: w.asked, Request: w.request, Verdict: w.verdict}
}

// summary is the window as in the list.
func (w *window) summary() Summary {
	s := Summary{Window: w.Window, State: stateRunning, Judged: w.judged}
	s.describe(w.request)
	if w.verdict != nil {
		s.judge(w.verdict)
	}
	return s
}

// lastPass is the number of the newest window of a pipeline before another one that passed
// and counts; 0: the list has none.
func (x *index) lastPass(pipeline string, before uint64) uint64 {
	list, _ := x.newest(before, 1, func(w *Summary) bool {
		return w.Pipeline == pipeline && w.State == string(events.Pass) && w.counts()
	})
	if len(list) == 0 {
		return 0
	}
	return list[0].Window
}
