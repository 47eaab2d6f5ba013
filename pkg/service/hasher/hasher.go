// Package hasher follows ERS_TRACE and appends to ERS_DIGEST the hashes of what it
// reads there. It makes the canonical bytes itself from the frames' fields and
// trusts no one else's. What it has hashed in one run it need not hash in another that
// is equal to the byte: see [events.Memo].
//
// The way of a frame, file by file: hasher.go reads it, run.go checks that it is the
// next of its run and adds it to the run's hashes, flush.go appends the digests of
// the ticks that became whole, peer.go compares with the digests of other hashers.
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
	"fmt"
	"sync/atomic"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Config is what a hasher needs.
type Config struct {
	Bus *bus.Bus
	Log zerolog.Logger
}

// Hasher follows ERS_TRACE. Make one with [New].
type Hasher struct {
	Config
	stats    Stats
	group    *bus.Group // commits the digests of all runs
	decoder  events.FrameDecoder
	memo     *events.Memo           // what equal frames of equal runs come to
	runs     map[events.RunKey]*run // those that have something unfinished, and some more
	open     map[*run]bool          // those in the middle of a tick
	dirty    []*run                 // those with something to flush
	gathered int                    // since the last flush: ticks, and runs loaded
	read     uint64                 // last ERS_TRACE sequence that was read
	safe     uint64                 // every message up to here is covered by digests on the stream
}

// Stats counts what a hasher has seen since it started. Safe for concurrent use.
type Stats struct {
	Frames, Events, Digests, Problems atomic.Int64
}

// Bounds of what is gathered before it is flushed, and kept.
const (
	maxGathered = 4096    // ticks and runs, before a flush
	maxCovers   = 1000    // in one digest, about 350 bytes each
	maxKept     = 4096    // runs kept in memory that could be loaded again
	maxMemo     = 6 << 20 // bytes of what is kept of frames, to compare those of other runs with
	firstFrame  = 1
)

// New returns a hasher that has not read anything yet.
func New(c Config) *Hasher {
	return &Hasher{Config: c, group: c.Bus.NewGroup(), memo: events.NewMemo(maxMemo), runs: make(map[events.RunKey]*run), open: make(map[*run]bool)}
}

// Stats returns the hasher's counters.
func (h *Hasher) Stats() *Stats { return &h.stats }

// Run follows the trace until ctx ends. It returns nil, or why it cannot go on.
func (h *Hasher) Run(ctx context.Context) error { return h.Bus.Persist(ctx, "hasher", h.follow) }

// follow begins with an empty memory and what the streams say.
func (h *Hasher) follow(ctx context.Context) error {
	clear(h.runs)
	clear(h.open)
	h.dirty, h.gathered = nil, 0
	from, err := h.resume(ctx)
	if err != nil {
		return err
	}
	h.Log.Info().Uint64("from", from).Msg("hasher follows the trace")
	return h.Bus.Follow(ctx, events.StreamTrace, "", from, func(m bus.Message) error { return h.message(ctx, m) })
}

// resume returns the sequence from which the trace is to be read.
func (h *Hasher) resume(ctx context.Context) (uint64, error) {
	m, err := h.Bus.Last(ctx, events.StreamDigest, events.DigestSubjects)
	if errors.Is(err, bus.ErrNotFound) {
		return firstFrame, nil
	}
	if err != nil {
		return 0, err
	}
	last, err := decodeDigest(m)
	if err != nil {
		// Rather read everything again than trust a digest that is not one.
		h.Log.Error().Err(err).Msg("the last digest is bad, the trace is read from its start")
		return firstFrame, nil
	}
	h.safe, h.read = last.LowWater, last.LowWater
	return last.LowWater + 1, nil
}

// message takes one frame, and flushes when nothing more is there or enough has
// gathered.
func (h *Hasher) message(ctx context.Context, m bus.Message) error {
	h.stats.Frames.Add(1)
	h.read = m.Seq
	if key, err := events.ParseTraceSubject(m.Subject); err != nil {
		h.complain(events.Problem{Stream: m.Stream, Seq: m.Seq, Reason: err.Error()})
	} else {
		r, err := h.load(ctx, key)
		if err != nil {
			return err
		}
		if r.accept(h, m) {
			h.mark(r)
		}
		if len(r.covers) >= maxCovers {
			return h.flush(ctx)
		}
	}
	if m.Pending == 0 || h.gathered >= maxGathered {
		return h.flush(ctx)
	}
	return nil
}

// mark puts a run on the list of those to be flushed.
func (h *Hasher) mark(r *run) {
	if !r.dirty {
		r.dirty = true
		h.dirty = append(h.dirty, r)
	}
}

// load returns the state of a run: from memory, or from its last digest.
func (h *Hasher) load(ctx context.Context, key events.RunKey) (*run, error) {
	if r, ok := h.runs[key]; ok {
		return r, nil
	}
	r := &run{key: key, at: h.memo.Start()}
	m, err := h.Bus.Last(ctx, events.StreamDigest, events.DigestSubject(key))
	switch {
	case errors.Is(err, bus.ErrNotFound):
	case err != nil:
		return nil, err
	default:
		if err := r.restore(h, m); err != nil {
			r.dispute(h, m.Seq, err.Error())
		}
	}
	h.runs[key] = r
	h.gathered++
	return r, nil
}

// complain logs and counts a message that is not as it must be.
func (h *Hasher) complain(p events.Problem) {
	h.Log.Warn().Str("stream", p.Stream).Uint64("seq", p.Seq).Int64("problems", h.stats.Problems.Add(1)).Msg(p.Reason)
}

func decodeDigest(m bus.Message) (*events.Digest, error) {
	d := new(events.Digest)
	err := events.Decode(m.Data, d)
	if err == nil {
		if key := (events.RunKey{Pipeline: d.Pipeline, Window: d.Window, Run: d.Run}); m.Subject != events.DigestSubject(key) {
			err = fmt.Errorf("it is of run %s", key)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("digest on %s, %s sequence %d: %w", m.Subject, m.Stream, m.Seq, err)
	}
	return d, nil
}
