// Package hasher follows ERS_TRACE and appends to ERS_DIGEST the hashes of what it
// reads there. What a digest says is decided in package core, which does no input and
// output; this package reads, asks it, and appends.
//
// A hasher has no state of its own. The last digest of a run says how far the run
// was hashed and carries the hashes' midstates; the last digest of all says from
// where the trace is to be read. Several hashers may run: of each digest the first
// to be appended counts, the others compare theirs with it, and a difference breaks
// the run and is an alarm.
//
// A frame that does not decode, or is not the one that must come next, breaks its
// run for ever: its last digest then names the message and the reason.
package hasher

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/service/hasher/core"
)

// Config is what a hasher needs.
type Config struct {
	Bus *bus.Bus
	Log zerolog.Logger
}

// Hasher follows ERS_TRACE. Make one with [New].
type Hasher struct {
	Config
	stats Stats
	group *bus.Group // commits the digests of all runs
}

// Stats counts what a hasher has seen since it started. Safe for concurrent use.
type Stats struct {
	Frames, Events, Digests, Problems atomic.Int64
}

// Counters are the counters by the names under which they are shown.
func (s *Stats) Counters() map[string]int64 {
	return map[string]int64{"frames": s.Frames.Load(), "events": s.Events.Load(), "digests": s.Digests.Load(), "problems": s.Problems.Load()}
}

// New returns a hasher that has not read anything yet.
func New(c Config) *Hasher { return &Hasher{Config: c, group: c.Bus.NewGroup()} }

// Stats returns the hasher's counters.
func (h *Hasher) Stats() *Stats { return &h.stats }

// Run follows the trace until ctx ends. It returns nil, or why it cannot go on.
func (h *Hasher) Run(ctx context.Context) error { return h.Bus.Persist(ctx, "hasher", h.follow) }

// follow begins with an empty memory and what the streams say.
func (h *Hasher) follow(ctx context.Context) error {
	if err := h.Bus.CheckStanding(ctx); err != nil {
		return err
	}
	c := core.New(h.Bus.Lookup(ctx), h.complain)
	from, err := c.Resume()
	if err != nil {
		return err
	}
	h.Log.Info().Uint64("from", from).Msg("hasher follows the trace")
	hashed, digests := h.stats.Events.Load(), h.stats.Digests.Load()
	return h.Bus.Follow(ctx, events.StreamTrace, "", from, func(m bus.Message) error {
		h.stats.Frames.Add(1)
		if err := c.Frame(m); err != nil {
			return err
		}
		if m.Pending == 0 || c.Full() {
			err = h.flush(ctx, c)
		}
		h.stats.Events.Store(hashed + c.Events)
		h.stats.Digests.Store(digests + c.Digests)
		return err
	})
}

// flush appends the digests that are due, all of them in flight at once, and waits until
// they are on the stream.
//
// Commit point: each digest by itself. A crash between two leaves some runs with
// their digest and some without; the next hasher reads the trace again from the low
// water mark, which no digest of this flush has moved yet, and skips what is
// covered.
func (h *Hasher) flush(ctx context.Context, c *core.Core) error {
	for {
		digests, err := c.Flush()
		if err != nil {
			return err
		}
		if len(digests) == 0 {
			c.Flushed()
			return nil
		}
		writers := make([]*bus.Writer, len(digests))
		for i, d := range digests {
			writers[i] = h.group.Writer(d.Subject, d.Last)
			_ = writers[i].Append(ctx, d.Data) // Flush says what became of it
		}
		for i, d := range digests {
			seq, err := writers[i].Flush()
			if errors.Is(err, bus.ErrConflict) {
				err = c.Conflict(d)
			} else if err == nil {
				c.Appended(d, seq)
			}
			if err != nil {
				return err
			}
		}
	}
}

// complain logs and counts a message that is not as it must be.
func (h *Hasher) complain(p events.Problem) {
	h.Log.Warn().Str("stream", p.Stream).Uint64("seq", p.Seq).Int64("problems", h.stats.Problems.Add(1)).Msg(p.Reason)
}
