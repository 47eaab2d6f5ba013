package gate

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// window is a window that waits for its verdict.
type window struct {
	id      uint64
	request events.WindowRequest
	last    []events.Digest // the last digest of each run; the zero Digest where there is none yet
	seqs    []uint64        // their ERS_DIGEST sequences
	missing int             // runs without one
}

// load returns the window that a final digest at seq belongs to: from memory, or
// gathered anew from its request and the final digests before seq. It returns nil,
// and says why, when there is nothing to judge.
func (g *Gate) load(ctx context.Context, key windowKey, seq uint64) (*window, error) {
	if w, ok := g.windows[key]; ok {
		return w, nil
	}
	if m, err := g.Bus.Last(ctx, events.StreamVerdict, events.VerdictGuard(key.pipeline, key.window)); err == nil {
		g.late(m, seq)
		return nil, nil
	} else if !errors.Is(err, bus.ErrNotFound) {
		return nil, err
	}
	w, err := g.request(ctx, key)
	if errors.Is(err, errNoWindow) {
		g.complain(events.Problem{Stream: events.StreamDigest, Seq: seq, Reason: err.Error()})
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for run := range w.request.Runs {
		// A digest behind seq will come by: taking it now would judge windows out of
		// the order in which they are completed.
		m, err := g.Bus.Last(ctx, events.StreamDigest, events.DigestSubject(events.RunKey{Pipeline: key.pipeline, Window: key.window, Run: run}))
		if errors.Is(err, bus.ErrNotFound) || err == nil && m.Seq >= seq {
			continue
		}
		if err != nil {
			return nil, err
		}
		var d events.Digest
		if events.Decode(m.Data, &d) == nil && d.Final {
			w.add(run, m.Seq, &d)
		}
	}
	g.windows[key] = w
	return w, nil
}

var errNoWindow = errors.New("no such window")

// request reads what was asked for.
func (g *Gate) request(ctx context.Context, key windowKey) (*window, error) {
	m, err := g.Bus.Get(ctx, events.StreamWindow, key.window)
	if errors.Is(err, bus.ErrNotFound) {
		return nil, fmt.Errorf("%w: %s has no message %d", errNoWindow, events.StreamWindow, key.window)
	}
	if err != nil {
		return nil, err
	}
	w := &window{id: key.window}
	if err := events.Decode(m.Data, &w.request); err != nil {
		return nil, fmt.Errorf("%w: %s sequence %d: %w", errNoWindow, m.Stream, m.Seq, err)
	}
	if w.request.Pipeline != key.pipeline {
		return nil, fmt.Errorf("%w: window %d is one of pipeline %s, not of %s", errNoWindow, key.window, w.request.Pipeline, key.pipeline)
	}
	w.missing = w.request.Runs
	w.last = make([]events.Digest, w.missing)
	w.seqs = make([]uint64, w.missing)
	return w, nil
}

// add takes the last digest of a run; a later one replaces it. It returns false when
// the window has no such run.
func (w *window) add(run int, seq uint64, d *events.Digest) bool {
	if run >= len(w.last) {
		return false
	}
	if w.seqs[run] == 0 {
		w.missing--
	}
	d.Covers = nil // the judgement reads them from the stream
	w.last[run], w.seqs[run] = *d, seq
	return true
}

// judge appends the verdict of a window whose runs all have their last digest.
//
// Commit point: the verdict. A crash before it leaves the window unjudged, and the
// next gate, which begins behind the last verdict, comes to the same digests.
func (g *Gate) judge(ctx context.Context, w *window) error {
	v, err := compare.Judge(w.id, w.request, w.last, &source{ctx: ctx, bus: g.Bus, window: w})
	if err != nil {
		return fmt.Errorf("judge window %d: %w", w.id, err)
	}
	for _, seq := range w.seqs {
		v.DigestSeq = max(v.DigestSeq, seq)
	}
	data, err := events.Encode(&v)
	if most := g.Bus.MaxPayload(); err == nil && len(data) > most && v.Divergence != nil {
		// Only frames that no coordinator of ours made have fields as large as this. A
		// verdict that no message can carry would keep all later ones waiting.
		compare.Withdraw(&v, &compare.Contradiction{Run: v.Divergence.Found.Run, Stream: events.StreamTrace,
			Reason: fmt.Sprintf("it differs at tick %d, but what is there is too large to be shown: the verdict takes %d bytes, and a message of this server at most %d", v.Divergence.Tick, len(data), most)})
		data, err = events.Encode(&v)
	}
	if err != nil {
		return fmt.Errorf("verdict of window %d: %w", w.id, err)
	}
	_, err = g.Bus.AppendOnce(ctx, events.VerdictSubject(v.Outcome, v.Pipeline, w.id), events.VerdictGuard(v.Pipeline, w.id), data)
	if errors.Is(err, bus.ErrConflict) {
		g.Log.Debug().Uint64("window", w.id).Msg("another gate has judged this window")
		return nil
	}
	if err != nil {
		return err
	}
	g.count(v.Outcome)
	log := g.Log.Info()
	if v.Outcome != events.Pass {
		log = g.Log.Warn()
	}
	log.Uint64("window", w.id).Str("pipeline", v.Pipeline).Str("outcome", string(v.Outcome)).Msg(report.Headline(&v))
	return nil
}

// late reports a final digest that comes after its window's verdict. One of a sealed
// run is a repetition; one that breaks its run casts doubt on the verdict.
func (g *Gate) late(verdict bus.Message, seq uint64) {
	var v events.Verdict
	if err := events.Decode(verdict.Data, &v); err == nil && seq <= v.DigestSeq {
		return // read again after a restart
	}
	g.complain(events.Problem{Stream: events.StreamDigest, Seq: seq,
		Reason: fmt.Sprintf("a digest after its window's verdict, %s sequence %d, which stands: run `ers audit`", verdict.Stream, verdict.Seq)})
}
