package page

import (
	"context"
	"fmt"

	"abraxas.dev/ers/internal/lanes"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Run is a run of a window by lanes and ticks, for a terminal or a file.
type Run struct {
	Window  uint64
	Request *events.WindowRequest // one for open runs has the ticks so far
	Verdict *events.Verdict       // nil while there is none
	Run     int
	Runs    []int // that are equal to it by the verdict, itself among them
	*lanes.Picture
	From, To, Step int64  // the ticks, and how many are in a column
	Broken         string // why the record cannot be read further; "": it can
}

// ReadRun reads a run of a window into at most so many columns. run is which; nil is the
// first of the largest group, or run 0. bus.ErrNotFound: there is no such window.
func ReadRun(ctx context.Context, b *bus.Bus, id uint64, run *int, columns int) (*Run, error) {
	s := New(Config{Bus: b})
	w, err := s.findWindow(ctx, id)
	if err == nil {
		err = w.here()
	}
	if err != nil {
		return nil, err
	}
	r := &Run{Window: id, Request: w.request, Verdict: w.verdict}
	if w.verdict != nil && len(w.verdict.Groups) > 0 {
		r.Run = w.verdict.Groups[0].Runs[0]
	}
	if run != nil {
		r.Run = *run
	}
	if r.Run < 0 || r.Run >= w.request.Runs {
		return nil, fmt.Errorf("window %d has runs 0 to %d, not %d", id, w.request.Runs-1, r.Run)
	}
	r.Runs = equalRuns(w.verdict, r.Run)
	first := w.request.FirstTick
	read, err := s.readRun(ctx, w, w.WindowKey.Run(r.Run), newSpan(first, first+w.request.Ticks, int64(max(columns, 1))))
	if err != nil {
		return nil, err
	}
	r.Picture, r.Broken = read.Picture, read.Broken
	r.From, r.To, r.Step = read.From, read.To, read.Step
	if total := r.To - r.From; r.Verdict != nil && r.Broken == "" && r.Why == "" && r.Read < total {
		r.Broken = fmt.Sprintf("%d of %d ticks are recorded", r.Read, total)
	}
	return r, nil
}

func equalRuns(v *events.Verdict, run int) []int {
	if v != nil {
		for _, g := range v.Groups {
			for _, other := range g.Runs {
				if other == run {
					return g.Runs
				}
			}
		}
	}
	return []int{run}
}

// Title says which run it is.
func (r *Run) Title() string {
	what := fmt.Sprintf("window %d of %s", r.Window, r.Request.Pipeline)
	if r.Request.BudgetName != "" {
		what += ", budget " + r.Request.BudgetName
	}
	what += fmt.Sprintf(": run %d", r.Run)
	if len(r.Runs) > 1 {
		what += fmt.Sprintf(" (the same in %d of %d runs)", len(r.Runs), r.Request.Runs)
	}
	if r.Request.Ticks == 1 {
		return what + fmt.Sprintf(", tick %d", r.From)
	}
	return what + fmt.Sprintf(", ticks %d to %d", r.From, r.To-1)
}
