package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/vary"
)

// maxObject is how much of a definition, or of contexts, is shown.
const maxObject = 128 << 10

// againstAnswer is a window held against another one, as a fail against the last pass.
type againstAnswer struct {
	Window Summary        `json:"window"`
	Other  Summary        `json:"other"`
	Facts  []fact         `json:"facts"` // what was asked for
	Texts  []fact         `json:"texts"` // the definitions and the contexts, where they differ and can be read
	Equal  []int          `json:"equal"` // groups of the window that are equal to the other's largest
	Runs   *[2]int        `json:"runs"`  // of the other and of the window, whose ticks are compared; null: there are none
	Ticks  *compareAnswer `json:"ticks"` // of these two
}

// fact is something of two windows: of the other, and of the window.
type fact struct {
	Name  string `json:"name"`
	Other string `json:"other"`
	This  string `json:"this"`
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
	done, err := s.readMany(ctx)
	if err != nil {
		return nil, err
	}
	defer done()

	a := &againstAnswer{Window: w.summary(), Other: other.summary(), Facts: facts(other.request, w.request), Texts: []fact{}, Equal: equalGroups(w.verdict, other.verdict)}
	for _, f := range []fact{{"definition", other.request.DefinitionSHA256, w.request.DefinitionSHA256}, {"contexts", other.request.ContextsSHA256, w.request.ContextsSHA256}} {
		if f.Other == f.This {
			continue
		}
		x, y := s.objectText(ctx, f.Other), s.objectText(ctx, f.This)
		if x != "" && y != "" {
			a.Texts = append(a.Texts, fact{f.Name, x, y})
		}
	}
	return a, s.acrossWindows(ctx, a, other, w)
}

// acrossWindows compares the ticks of two runs: of the other window the largest group's, of
// the window the one that differs, where there is one.
func (s *Server) acrossWindows(ctx context.Context, a *againstAnswer, other, w *window) error {
	first := max(w.request.FirstTick, other.request.FirstTick)
	end := min(w.request.FirstTick+w.request.Ticks, other.request.FirstTick+other.request.Ticks)
	if first >= end {
		return nil
	}
	a.Runs = &[2]int{typical(other), typical(w)}
	if v := w.verdict; v != nil && v.Divergence != nil && len(v.Groups) > 1 {
		a.Runs[1] = v.Divergence.Found.Run
	}
	x, y := other.Run(a.Runs[0]), w.Run(a.Runs[1])
	a.Ticks = &compareAnswer{span: newSpan(first, end, 1), A: x.Run, B: y.Run}
	if err := s.walk(ctx, x, y, a.Ticks, first); err != nil || a.Ticks.First == nil {
		return err
	}
	return s.explain(ctx, w, end, x, y, a.Ticks)
}

// typical is a run of the largest group.
func typical(w *window) int {
	if w.verdict != nil && len(w.verdict.Groups) > 0 {
		return w.verdict.Groups[0].Runs[0]
	}
	return 0
}

// equalGroups lists the groups of a verdict that are equal to the largest of another one.
func equalGroups(v, other *events.Verdict) []int {
	list := []int{}
	if v == nil || other == nil || len(other.Groups) == 0 {
		return list
	}
	for i, g := range v.Groups {
		if g.Hash == other.Groups[0].Hash && g.ResultHash == other.Groups[0].ResultHash {
			list = append(list, i)
		}
	}
	return list
}

// facts lists what was asked for in both windows.
func facts(other, this *events.WindowRequest) []fact {
	texts := func(r *events.WindowRequest) [][2]string {
		latch := "none"
		if r.Latch != nil {
			latch = r.Latch.Trace + ":" + r.Latch.Result
		}
		lane := func(b events.Budget) string { return fmt.Sprintf("%d ops, %d entropy", b.Ops, b.Entropy) }
		varied := "nothing"
		if len(r.Variations) > 0 {
			varied = vary.Text(r.Variations)
		}
		return [][2]string{{"pipeline", r.Pipeline}, {"kind", fmt.Sprint(r.Kind)}, {"definition", r.DefinitionSHA256}, {"contexts", r.ContextsSHA256}, {"runs", fmt.Sprint(r.Runs)},
			{"ticks", fmt.Sprintf("%d from %d", r.Ticks, r.FirstTick)}, {"forecast budget", lane(r.Budget.Forecast)}, {"shadow budget", lane(r.Budget.Shadow)}, {"varied", varied}, {"latch", latch}}
	}
	x, y := texts(other), texts(this)
	list := make([]fact, len(x))
	for i := range x {
		list[i] = fact{x[i][0], x[i][1], y[i][1]}
	}
	return list
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
