// Package feed follows ERS_VERDICT and appends to ERS_VIZ what AAL-Viz shows of each
// window: the TrendPacks of one run of each group, tick by tick, and then the
// RunStability of the window.
//
// feed.go follows the verdicts, show.go shows the window of one, run.go appends the
// documents of one run, ahead.go reads for the next windows while one is shown.
//
// A feed has no state of its own. Windows are shown in the order of their verdicts, and
// the RunStability comes last: so the last of these says up to which verdict all is
// there, and the last TrendPack of a run where to go on with it. Several feeds may run;
// each document is appended once, by whichever comes first.
//
// A feed lives beside a gate, in its process, and takes nothing from it but the time
// that it costs: see [Feed.Beside]. It may lag behind; [Stats] says how far.
package feed

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Config is what a feed needs.
type Config struct {
	Bus *bus.Bus
	Log zerolog.Logger
}

// Feed follows ERS_VERDICT. Make one with [New].
type Feed struct {
	Config
	stats  Stats
	group  *bus.Group // appends the documents of runs
	held   []*show    // verdicts that were read and whose windows are yet to be shown
	newest uint64     // ERS_VERDICT sequence of the newest verdict that is known of
	looked int        // verdicts since the feed last asked for that
}

// Stats counts what a feed has done since it started. Safe for concurrent use.
type Stats struct {
	Windows    atomic.Int64 // RunStability documents appended
	TrendPacks atomic.Int64 // TrendPack documents made and appended
	Problems   atomic.Int64 // messages that are not as they must be
	Lag        atomic.Int64 // verdicts that are not shown yet, as of the last look
}

// Beside adds the counters to those of the gate in whose process the feed runs.
func (s *Stats) Beside(gate map[string]int64) map[string]int64 {
	gate["viz_windows"], gate["viz_trendpacks"] = s.Windows.Load(), s.TrendPacks.Load()
	gate["viz_problems"], gate["viz_lag"] = s.Problems.Load(), s.Lag.Load()
	return gate
}

// New returns a feed that has not read anything yet.
func New(c Config) *Feed { return &Feed{Config: c, group: c.Bus.NewGroup()} }

// Stats returns the feed's counters.
func (f *Feed) Stats() *Stats { return &f.stats }

// Run follows the verdicts until ctx ends. It returns nil, or why it cannot go on.
func (f *Feed) Run(ctx context.Context) error { return f.Bus.Persist(ctx, "feed", f.follow) }

// Beside runs the feed for as long as run runs, and returns what run returns. A feed
// that cannot go on says so in the log, and run goes on without it.
func (f *Feed) Beside(ctx context.Context, run func(context.Context) error) error {
	feeding, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := f.Run(feeding); err != nil {
			f.Log.Error().Err(err).Msg("the feed has stopped: ERS_VIZ gets nothing more until this service is started again")
		}
	}()
	err := run(ctx)
	stop()
	<-done
	return err
}

// follow begins with what the streams say.
func (f *Feed) follow(ctx context.Context) error {
	f.held, f.newest, f.looked = nil, 0, 0
	from, err := f.resume(ctx)
	if err != nil {
		return err
	}
	f.Log.Debug().Uint64("from", from).Msg("feed follows the verdicts")
	return f.Bus.Follow(ctx, events.StreamVerdict, "", from, func(m bus.Message) error { return f.message(ctx, m) })
}

// resume returns the sequence from which the verdicts are to be read.
func (f *Feed) resume(ctx context.Context) (uint64, error) {
	m, err := f.Bus.Last(ctx, events.StreamViz, events.StabilitySubjects)
	if errors.Is(err, bus.ErrNotFound) {
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	pipeline, window, err := events.ParseStabilitySubject(m.Subject)
	if err == nil {
		var verdict bus.Message
		if verdict, err = f.Bus.Last(ctx, events.StreamVerdict, events.VerdictGuard(pipeline, window)); err == nil {
			return verdict.Seq + 1, nil
		}
		if !errors.Is(err, bus.ErrNotFound) {
			return 0, err
		}
	}
	f.complain(m.Stream, m.Seq, err.Error())
	return 1, nil // windows that are shown are passed over
}

// message takes one verdict, and shows the windows of those that are there when no
// more are, or enough.
func (f *Feed) message(ctx context.Context, m bus.Message) error {
	f.newest = max(f.newest, m.Seq+m.Pending)
	f.held = append(f.held, newShow(f, m))
	if m.Pending > 0 && len(f.held) < maxAhead {
		return nil
	}
	held := f.held
	f.held = nil
	return f.showAll(ctx, held, m.Pending > 0)
}

// showAll shows windows in the order of their verdicts.
func (f *Feed) showAll(ctx context.Context, held []*show, more bool) error {
	if f.looked += len(held); more && f.looked >= askEvery {
		if err := f.look(ctx, held[0].seq-1); err != nil {
			return err
		}
	}
	if len(held) > 1 {
		lookAhead(ctx, held)
	}
	for _, s := range held {
		f.behind(s.seq - 1)
		if s.bad != nil {
			f.complain(events.StreamVerdict, s.seq, s.bad.Error())
		} else if err := s.run(ctx); err != nil {
			return fmt.Errorf("window %d: %w", s.v.Window, err)
		}
		f.behind(s.seq)
	}
	return nil
}

// askEvery is after how many verdicts the feed asks for the newest one. What comes
// with a verdict tells what was there when the server sent it, and it may have waited
// here for long.
const askEvery = 16

// look asks how far the feed is behind when it has shown the verdicts up to seq.
func (f *Feed) look(ctx context.Context, seq uint64) error {
	last, err := f.Bus.LastSeq(ctx, events.StreamVerdict)
	if err == nil {
		f.newest, f.looked = last, 0
		f.behind(seq)
	}
	return err
}

func (f *Feed) behind(seq uint64) { f.stats.Lag.Store(int64(f.newest - seq)) }

// complain logs and counts a message that is not as it must be. Reading it again
// would not help.
func (f *Feed) complain(stream string, seq uint64, reason string) {
	f.Log.Error().Str("stream", stream).Uint64("seq", seq).Int64("problems", f.stats.Problems.Add(1)).Msg("feed: " + reason)
}
