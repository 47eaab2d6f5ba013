package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
	"abraxas.dev/ers/pkg/sure"
)

// sureFlags ask for as many windows as it takes to be so sure.
type sureFlags struct {
	Confidence float64 `placeholder:"C" help:"With --rate: make windows one after the other until a difference of that rate would have been seen with this chance, as in 0.99."`
	Rate       float64 `placeholder:"R" help:"The share of the runs in which a difference shows that is to be seen, as in 0.01."`
}

// plan is how many windows that takes.
type plan struct {
	sureFlags
	needed, runs, windows int // runs that it takes, runs of a window, windows
}

// plan returns nil where one window is wanted.
func (s *sureFlags) plan(runs int, drill *events.Drill, budgets int) (*plan, error) {
	switch {
	case s.Confidence == 0 && s.Rate == 0:
		return nil, nil
	case s.Confidence == 0 || s.Rate == 0:
		return nil, errors.New("--confidence and --rate belong together, as in --confidence 0.99 --rate 0.01")
	case budgets > 1:
		return nil, errors.New("--confidence and --rate are for the windows of one budget: choose one with --budget NAME")
	case drill != nil:
		return nil, errors.New("a drill differs on purpose and proves nothing of other runs: leave out either --drill or --confidence and --rate")
	}
	if runs < events.MinRuns {
		return nil, fmt.Errorf("a window of %d runs: want at least %d", runs, events.MinRuns)
	}
	needed, err := sure.Runs(s.Confidence, s.Rate)
	if err != nil {
		return nil, fmt.Errorf("--confidence and --rate: %w", err)
	}
	return &plan{*s, needed, runs, (needed + runs - 1) / runs}, nil
}

// makeWindow makes one window, of a request that change changes, and returns its verdict.
type makeWindow func(ctx context.Context, change func(*events.WindowRequest)) (*events.Verdict, []byte, error)

// series is the windows of a plan, one after the other.
type series struct {
	*plan
	make  makeWindow
	tell  func(*events.Verdict, []byte) error // tells of the window that is the last
	json  bool
	first *events.Verdict
	last  *events.Verdict
	made  int // windows that have a verdict
}

// seriesAnswer is what a series comes to, for machines.
type seriesAnswer struct {
	Outcome     events.Outcome `json:"outcome"` // of its last window
	Pipeline    string         `json:"pipeline"`
	FirstWindow uint64         `json:"first_window"`
	LastWindow  uint64         `json:"last_window"`
	Windows     int            `json:"windows"` // that were made
	Runs        int            `json:"runs"`    // in all of them
	Needed      int            `json:"needed_runs"`
	Confidence  float64        `json:"confidence"`
	Rate        float64        `json:"rate"`
	Chance      float64        `json:"chance,omitempty"` // with which a difference of that rate would have been seen; only after a pass
}

// windows makes one window, or those of a plan that is not nil, and returns the last
// verdict. tell prints what a window came to.
func windows(ctx context.Context, io *streams, b *bus.Bus, p *plan, json bool, make makeWindow, tell func(*events.Verdict, []byte) error) (*events.Verdict, error) {
	if p == nil {
		v, document, err := make(ctx, func(*events.WindowRequest) {})
		if err != nil {
			return nil, err
		}
		return v, tell(v, document)
	}
	s := &series{plan: p, make: make, tell: tell, json: json}
	return s.run(ctx, io, b)
}

// run makes windows until there are enough runs, one differs, or one cannot be judged.
func (s *series) run(ctx context.Context, io *streams, b *bus.Bus) (*events.Verdict, error) {
	fmt.Fprintf(io.err, "%s: a difference that shows in %s runs is seen with %s %% in %d runs: %s of %d\n",
		io.name(), sure.Share(s.Rate), sure.Percent(s.Confidence), s.needed, report.Plural(s.windows, "window"), s.runs)
	began := time.Now()
	for s.made < s.windows {
		v, document, err := s.make(ctx, s.next)
		if err != nil {
			return nil, err
		}
		s.made++
		s.last = v
		if s.made == 1 {
			s.first = v
			s.estimate(io, time.Since(began))
		}
		more, err := s.goesOn(ctx, io, b, document)
		if more && err == nil {
			continue
		}
		if err == nil {
			err = s.tell(v, document)
		}
		if err == nil || errors.Is(err, errFail) || errors.Is(err, errUnknown) {
			err = errors.Join(err, s.sum(io, err))
		}
		return v, err
	}
	return s.last, nil
}

// next makes the request of the next window: its runs are numbered on, and they are held
// against those of the first window, so that windows that differ from each other fail.
func (s *series) next(r *events.WindowRequest) {
	r.FirstRun = int64(s.made) * int64(s.runs)
	if s.first != nil {
		r.Latch = &events.Latch{Trace: s.first.ExpectedHash, Result: s.first.ExpectedResultHash, Definition: s.first.DefinitionSHA256}
	}
}

func (s *series) estimate(io *streams, took time.Duration) {
	if s.windows > 1 {
		fmt.Fprintf(io.err, "%s: the first window took %s, all %d take about %s\n", io.name(), short(took), s.windows, short(took*time.Duration(s.windows)))
	}
}

// short is a time for people.
func short(d time.Duration) time.Duration {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond)
	case d < 10*time.Second:
		return d.Round(time.Second / 10)
	}
	return d.Round(time.Second)
}

// goesOn tells whether another window is to be made, and prints of this one what is only
// told of windows in between.
func (s *series) goesOn(ctx context.Context, io *streams, b *bus.Bus, document []byte) (bool, error) {
	if s.last.Outcome != events.Pass || s.made == s.windows {
		return false, nil
	}
	if s.made == 1 { // the others are held against it
		if failed, err := failedAlike(ctx, b, s.last); failed || err != nil {
			return false, err
		}
	}
	if !s.json {
		return true, nil
	}
	_, err := io.out.Write(append(document, '\n'))
	return true, err
}

// sum tells what the series comes to. told is how the last window ended.
func (s *series) sum(io *streams, told error) error {
	runs, passed := s.made*s.runs, told == nil
	if s.json {
		a := seriesAnswer{Outcome: s.last.Outcome, Pipeline: s.last.Pipeline, FirstWindow: s.first.Window, LastWindow: s.last.Window,
			Windows: s.made, Runs: runs, Needed: s.needed, Confidence: s.Confidence, Rate: s.Rate}
		if passed {
			a.Chance = math.Floor(1e6*sure.Chance(runs, s.Rate)) / 1e6
		} else if errors.Is(told, errUnknown) {
			a.Outcome = events.Inconclusive
		}
		return printJSON(io, a)
	}
	var text string
	switch {
	case passed:
		text = fmt.Sprintf("%s, %d equal runs: %s", report.Plural(s.made, "window"), runs, sure.Seen(runs, s.Rate))
	case s.made > 1 && s.last.Divergence != nil && s.last.Divergence.Kind == events.KindLatch:
		text = fmt.Sprintf("windows %d and %d of the same case differ from each other, each with equal runs: stopped after %d of %s", s.first.Window, s.last.Window, s.made, report.Plural(s.windows, "window"))
	default:
		text = fmt.Sprintf("stopped after %d of %s, %d runs", s.made, report.Plural(s.windows, "window"), runs)
	}
	_, err := fmt.Fprintf(io.out, "\n  %s\n", text)
	return err
}
