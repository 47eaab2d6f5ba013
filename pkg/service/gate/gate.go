// Package gate follows ERS_DIGEST and appends to ERS_VERDICT the verdict of each
// window whose runs all have their last digest. What a verdict is decided in package
// core, which does no input and output; this package reads, asks it, and appends.
//
// A gate has no state of its own. A verdict names the digest that completed its
// window, and windows are judged in the order in which they are completed: so the
// last verdict says from which digest on there is work to do. Several gates may run;
// the first to append a window's verdict wins, the stream takes no second.
package gate

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
	"abraxas.dev/ers/pkg/service/gate/core"
)

// Config is what a gate needs.
type Config struct {
	Bus *bus.Bus
	Log zerolog.Logger
}

// Gate follows ERS_DIGEST. Make one with [New].
type Gate struct {
	Config
	stats Stats
}

// Stats counts what a gate has seen since it started. Safe for concurrent use.
type Stats struct {
	Digests, Passed, Failed, Inconclusive, Problems atomic.Int64
}

// Counters are the counters by the names under which they are shown.
func (s *Stats) Counters() map[string]int64 {
	return map[string]int64{"digests": s.Digests.Load(), "pass": s.Passed.Load(), "fail": s.Failed.Load(),
		"inconclusive": s.Inconclusive.Load(), "problems": s.Problems.Load()}
}

// New returns a gate that has not read anything yet.
func New(c Config) *Gate { return &Gate{Config: c} }

// Stats returns the gate's counters.
func (g *Gate) Stats() *Stats { return &g.stats }

// Run follows the digests until ctx ends. It returns nil, or why it cannot go on.
func (g *Gate) Run(ctx context.Context) error { return g.Bus.Persist(ctx, "gate", g.follow) }

// follow begins with an empty memory and what the streams say.
func (g *Gate) follow(ctx context.Context) error {
	if err := g.Bus.CheckStanding(ctx); err != nil {
		return err
	}
	c := core.New(g.Bus.Lookup(ctx), g.Bus.MaxPayload())
	from, err := c.Resume()
	if err != nil {
		return err
	}
	g.Log.Info().Uint64("from", from).Msg("gate follows the digests")
	return g.Bus.Follow(ctx, events.StreamDigest, "", from, func(m bus.Message) error {
		g.stats.Digests.Add(1)
		v, err := c.Digest(m)
		if errors.Is(err, events.ErrVoid) {
			g.Log.Debug().Msg(err.Error()) // the repair said what is lost; there may be thousands
			return nil
		}
		if errors.Is(err, core.ErrDigest) {
			g.Log.Error().Int64("problems", g.stats.Problems.Add(1)).Msg(err.Error())
			return nil
		}
		if err != nil || v == nil {
			return err
		}
		return g.append(ctx, v)
	})
}

// append appends a verdict.
//
// Commit point: the verdict. A crash before it leaves the window unjudged, and the
// next gate, which begins behind the last verdict, comes to the same digests.
func (g *Gate) append(ctx context.Context, v *core.Verdict) error {
	_, err := g.Bus.AppendOnce(ctx, v.Subject, v.Guard, v.Data)
	if errors.Is(err, bus.ErrConflict) {
		g.Log.Debug().Uint64("window", v.Window).Msg("another gate has judged this window")
		return nil
	}
	if err != nil {
		return err
	}
	log := g.Log.Info()
	switch v.Outcome {
	case events.Pass:
		g.stats.Passed.Add(1)
	case events.Fail:
		g.stats.Failed.Add(1)
		log = g.Log.Warn()
	default:
		g.stats.Inconclusive.Add(1)
		log = g.Log.Warn()
	}
	log.Uint64("window", v.Window).Str("pipeline", v.Pipeline).Str("outcome", string(v.Outcome)).Msg(report.Headline(v.Verdict))
	return nil
}
