// Package gate follows ERS_DIGEST and appends to ERS_VERDICT the verdict of each
// window whose runs all have their last digest.
//
// gate.go follows the digests, window.go gathers those of one window and judges it
// with package compare, source.go reads what the judgement wants to see.
//
// A gate has no state of its own. A verdict names the digest that completed its
// window, and windows are judged in the order in which they are completed: so the
// last verdict says from which digest on there is work to do. Several gates may run;
// the first to append a window's verdict wins, the stream takes no second.
package gate

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"sync/atomic"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// Config is what a gate needs.
type Config struct {
	Bus *bus.Bus
	Log zerolog.Logger
}

// Gate follows ERS_DIGEST. Make one with [New].
type Gate struct {
	Config
	stats   Stats
	windows map[windowKey]*window // those with some final digest and no verdict
}

// Stats counts what a gate has seen since it started. Safe for concurrent use.
type Stats struct {
	Digests, Passed, Failed, Inconclusive, Problems atomic.Int64
}

// windowKey names a window as the subjects do. A window of another pipeline under
// the same number is a forgery, not the window.
type windowKey struct {
	pipeline string
	window   uint64
}

// New returns a gate that has not read anything yet.
func New(c Config) *Gate { return &Gate{Config: c, windows: make(map[windowKey]*window)} }

// Stats returns the gate's counters.
func (g *Gate) Stats() *Stats { return &g.stats }

// Run follows the digests until ctx ends. It returns nil, or why it cannot go on.
func (g *Gate) Run(ctx context.Context) error { return g.Bus.Persist(ctx, "gate", g.follow) }

// follow begins with an empty memory and what the streams say.
func (g *Gate) follow(ctx context.Context) error {
	clear(g.windows)
	from, err := g.resume(ctx)
	if err != nil {
		return err
	}
	g.Log.Info().Uint64("from", from).Msg("gate follows the digests")
	return g.Bus.Follow(ctx, events.StreamDigest, "", from, func(m bus.Message) error { return g.message(ctx, m) })
}

// resume returns the sequence from which the digests are to be read.
func (g *Gate) resume(ctx context.Context) (uint64, error) {
	m, err := g.Bus.Last(ctx, events.StreamVerdict, events.VerdictSubjects)
	if errors.Is(err, bus.ErrNotFound) {
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	var last events.Verdict
	if err := events.Decode(m.Data, &last); err != nil {
		g.complain(events.Problem{Stream: m.Stream, Seq: m.Seq, Reason: err.Error()})
		return 1, nil // windows that have a verdict are passed over
	}
	return last.DigestSeq + 1, nil
}

// message takes one digest. Only the last of a run matters here.
func (g *Gate) message(ctx context.Context, m bus.Message) error {
	g.stats.Digests.Add(1)
	if bytes.Contains(m.Data, []byte(`"final":false`)) { // canonical: in a string the quotes would be escaped
		return nil
	}
	key, err := events.ParseDigestSubject(m.Subject)
	var d events.Digest
	if err == nil {
		err = events.Decode(m.Data, &d)
	}
	if err == nil && (d.Pipeline != key.Pipeline || d.Window != key.Window || d.Run != key.Run) {
		err = fmt.Errorf("a digest of run %s.%d.%d on %s", d.Pipeline, d.Window, d.Run, m.Subject)
	}
	if err != nil {
		g.complain(events.Problem{Stream: m.Stream, Seq: m.Seq, Reason: err.Error()})
		return nil // not a digest: its run goes on waiting for one
	}
	if !d.Final { // spelt in another way than the canonical one
		return nil
	}
	w, err := g.load(ctx, windowKey{key.Pipeline, key.Window}, m.Seq)
	if err != nil || w == nil {
		return err
	}
	if !w.add(key.Run, m.Seq, &d) {
		g.complain(events.Problem{Stream: m.Stream, Seq: m.Seq, Reason: fmt.Sprintf("a digest of run %d of a window of %d runs", key.Run, w.request.Runs)})
		return nil
	}
	if w.missing > 0 {
		return nil
	}
	delete(g.windows, windowKey{key.Pipeline, key.Window})
	return g.judge(ctx, w)
}

// complain logs and counts a message that is not as it must be.
func (g *Gate) complain(p events.Problem) {
	g.Log.Error().Str("stream", p.Stream).Uint64("seq", p.Seq).Int64("problems", g.stats.Problems.Add(1)).Msg(p.Reason)
}

func (g *Gate) count(o events.Outcome) {
	switch o {
	case events.Pass:
		g.stats.Passed.Add(1)
	case events.Fail:
		g.stats.Failed.Add(1)
	default:
		g.stats.Inconclusive.Add(1)
	}
}
