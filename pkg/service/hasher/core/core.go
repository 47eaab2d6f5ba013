// Package core is the hasher without input and output: frames in, digests out. It is
// given the messages of ERS_TRACE in order, looks up what else it needs through an
// [events.Lookup], and returns the digests to append. It makes the canonical bytes
// itself from the frames' fields and trusts no one else's. What it has hashed in one run
// it need not hash in another that is equal to the byte: see [events.Memo].
//
// The way of a frame, file by file: core.go takes it, window.go makes sure that its
// window was asked for, run.go that it is the next of its run, and adds it to the run's
// hashes; flush.go gathers the digests of the ticks that became whole, peer.go compares
// with the digests of other hashers; resume.go begins again after a crash.
//
// The package imports no net, os, time, rand or NATS. A Core is not safe for concurrent
// use.
package core

import (
	"errors"

	"abraxas.dev/ers/pkg/events"
)

// Core is a hasher's memory. It can be lost at any time: [Core.Resume] begins again.
type Core struct {
	streams  events.Lookup
	complain func(events.Problem)

	decoder  events.FrameDecoder
	memo     *events.Memo           // what equal frames of equal runs come to
	windows  map[uint64]*window     // that were looked up
	runs     map[events.RunKey]*run // those that have something unfinished, and some more
	open     map[*run]bool          // those in the middle of a tick
	dirty    []*run                 // those with something to flush
	gathered int                    // since the last flush: ticks, and runs loaded
	loaded   int                    // of these the runs
	full     bool                   // a run has as much as a digest may hold
	read     uint64                 // last ERS_TRACE sequence that was read
	safe     mark                   // what digests on the stream cover

	Events  int64 // that were hashed
	Digests int64 // that were appended
}

// Bounds of what is gathered before it is flushed, and kept.
const (
	maxGathered = 4096    // ticks and runs, before a flush
	maxLoaded   = 256     // of these runs. What is not flushed is read again after a restart, and each run is looked up
	maxCovers   = 1000    // in one digest, about 440 bytes each
	maxKept     = 4096    // runs, and windows, kept in memory that could be looked up again
	maxMemo     = 6 << 20 // bytes of what is kept of frames, to compare those of other runs with
)

// New returns a core that has read nothing. Messages that are not as they must be are
// given to complain.
func New(streams events.Lookup, complain func(events.Problem)) *Core {
	return &Core{streams: streams, complain: complain, memo: events.NewMemo(maxMemo),
		windows: make(map[uint64]*window), runs: make(map[events.RunKey]*run), open: make(map[*run]bool)}
}

// Frame takes the next message of ERS_TRACE. After an error begin again with Resume.
func (c *Core) Frame(m events.Message) error {
	c.read = m.Seq
	key, err := events.ParseTraceSubject(m.Subject)
	if err != nil {
		c.complain(events.Problem{Stream: m.Stream, Seq: m.Seq, Reason: err.Error()})
		return nil
	}
	return c.take(key, m)
}

func (c *Core) take(key events.RunKey, m events.Message) error {
	r, err := c.load(key, m)
	if err != nil || r == nil {
		return err
	}
	if r.accept(c, m) {
		c.mark(r)
	}
	c.full = c.full || len(r.covers) >= maxCovers
	return nil
}

// Full tells that digests should be appended before more is read.
func (c *Core) Full() bool { return c.full || c.gathered >= maxGathered || c.loaded >= maxLoaded }

// mark puts a run on the list of those to be flushed.
func (c *Core) mark(r *run) {
	if !r.dirty {
		r.dirty = true
		c.dirty = append(c.dirty, r)
	}
}

// load returns the state of a run: from memory, or from its last digest. It returns nil
// for a frame of no window.
func (c *Core) load(key events.RunKey, m events.Message) (*run, error) {
	if r, ok := c.runs[key]; ok {
		return r, nil
	}
	w, err := c.window(key, m)
	if err != nil || w == nil {
		return nil, err
	}
	r := &run{key: key, window: w, tick: w.request.FirstTick, at: c.memo.Start()}
	if !w.unseen(key.Run) {
		last, err := c.streams.Last(events.StreamDigest, events.DigestSubject(key))
		switch {
		case errors.Is(err, events.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			if err := c.restore(r, last); err != nil {
				return nil, err
			}
		}
	}
	c.runs[key] = r
	c.gathered++
	c.loaded++
	return r, nil
}
