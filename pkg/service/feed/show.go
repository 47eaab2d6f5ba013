package feed

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/aalviz"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// show is what there is to be shown of the window of one verdict.
type show struct {
	*Feed
	seq    uint64 // of the verdict
	bad    error  // why it is none
	v      *events.Verdict
	runs   []*runFeed // one of each group
	absent bool       // it was not shown when that was looked up ahead; if it is by now, the guards say so
}

func newShow(f *Feed, m bus.Message) *show {
	s := &show{Feed: f, seq: m.Seq}
	if s.v, s.bad = events.ReadVerdict(m); s.bad == nil {
		for _, g := range s.v.Groups {
			s.runs = append(s.runs, newRunFeed(f, s.v, m.Seq, g.Runs[0]))
		}
	}
	return s
}

// Shown tells whether the documents of a window are there, or were before it was archived.
func Shown(ctx context.Context, b *bus.Bus, w events.WindowKey) (bool, error) {
	_, err := b.Last(ctx, events.StreamViz, events.StabilitySubject(w.Pipeline, w.Window))
	if errors.Is(err, bus.ErrNotFound) {
		_, err = b.Last(ctx, events.StreamWindow, events.PrunedSubject(w.Pipeline, w.Window))
	}
	if errors.Is(err, bus.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// run appends what is not there yet of a window.
//
// Commit point: the RunStability. A crash before it leaves some of the TrendPacks, and
// the next feed, which begins behind the last RunStability, goes on behind them.
func (s *show) run(ctx context.Context) error {
	if !s.absent {
		if there, err := Shown(ctx, s.Bus, s.v.Key()); there || err != nil {
			return err
		}
	}
	for _, r := range s.runs {
		run := r.run.Run
		err := r.append(ctx)
		if problem, ok := errors.AsType[*client.Problem](err); ok {
			s.complain(problem.Stream, problem.Seq, fmt.Sprintf("window %d, run %d is not shown to its end: %s", s.v.Window, problem.Run, problem.Reason))
			continue
		}
		if err != nil {
			return fmt.Errorf("run %d: %w", run, err)
		}
	}
	reference := events.RunKey{Pipeline: s.v.Pipeline, Window: s.v.Window, Run: aalviz.Reference(s.v)}
	data, err := events.Encode(aalviz.NewStability(s.v, aalviz.RunID(reference)))
	if err != nil {
		return err
	}
	_, err = s.Bus.Append(ctx, events.StabilitySubject(s.v.Pipeline, s.v.Window), 0, data)
	if errors.Is(err, bus.ErrConflict) {
		s.Log.Debug().Uint64("window", s.v.Window).Msg("another feed has shown this window")
		return nil
	}
	if err != nil {
		return err
	}
	s.stats.Windows.Add(1)
	log, lag := s.Log.Debug(), s.stats.Lag.Load()-1
	if lag > 0 {
		log = s.Log.Info()
	}
	log.Uint64("window", s.v.Window).Str("pipeline", s.v.Pipeline).Int64("lag", lag).Msg("window is on ERS_VIZ")
	return nil
}
