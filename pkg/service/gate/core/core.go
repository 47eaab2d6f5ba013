// Package core is the gate without input and output: digests in, verdicts out. It is
// given the messages of ERS_DIGEST in order, looks up what else it needs through an
// [events.Lookup], and returns the verdict of a window when its last digest has come.
//
// core.go takes the digests, window.go gathers those of one window, source.go is the
// evidence behind them for package compare.
//
// Nothing is believed: a digest must be of the request that ERS_WINDOW has under its
// window's number, the digests of a run must follow each other without gap, and the
// frames at the ends of a run must be there.
//
// The package imports no net, os, time, rand or NATS. A Core is not safe for concurrent
// use.
package core

import (
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
)

// Core is a gate's memory. It can be lost at any time: [Core.Resume] begins again.
type Core struct {
	streams    events.Lookup
	maxVerdict int
	windows    map[name]*window // those with some digest and no verdict
	order      []name           // of windows, the oldest first
}

// name is what subjects say of a window. Whether it is the one of ERS_WINDOW is looked
// up.
type name struct {
	pipeline string
	window   uint64
}

// maxWindows is how many windows are kept in memory; one that is dropped is gathered
// anew from the streams.
const maxWindows = 4096

// New returns a core that has read nothing. A verdict may take maxVerdict bytes.
func New(streams events.Lookup, maxVerdict int) *Core {
	return &Core{streams: streams, maxVerdict: maxVerdict, windows: make(map[name]*window)}
}

// Resume returns the ERS_DIGEST sequence from which the digests are to be read. Windows
// are judged in the order in which they are completed, so the last verdict says it. A
// verdict that cannot be read, or that names a digest which a repair found to be lost,
// says nothing: then all are read, and windows that have a verdict are passed over.
func (c *Core) Resume() (from uint64, err error) {
	m, err := c.streams.Last(events.StreamVerdict, events.VerdictSubjects)
	if errors.Is(err, events.ErrNotFound) {
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	v, err := events.ReadVerdict(m)
	if err != nil {
		return 1, nil
	}
	end, err := c.streams.LastSeq(events.StreamDigest)
	if err != nil || v.DigestSeq > end {
		return 1, err
	}
	return v.DigestSeq + 1, nil
}

// Verdict is a verdict to be appended, once for its guard.
type Verdict struct {
	*events.Verdict
	Subject, Guard string
	Data           []byte
}

// ErrDigest is wrapped by the error for a message that is not as it must be. It is
// logged and passed over: its run goes on waiting for a digest.
var ErrDigest = errors.New("digest refused")

func refuse(m events.Message, format string, args ...any) error {
	return fmt.Errorf("%w: %s sequence %d: %w", ErrDigest, m.Stream, m.Seq, fmt.Errorf(format, args...))
}

// Digest takes the next message of ERS_DIGEST, and returns the verdict when it
// completes a window. An [ErrDigest] says what is wrong with the message; after any
// other error begin again with Resume.
func (c *Core) Digest(m events.Message) (*Verdict, error) {
	d, err := events.ReadDigest(m)
	if err != nil {
		return nil, refuse(m, "%w", err)
	}
	w, err := c.load(d, m)
	if err != nil || w == nil {
		return nil, err
	}
	if d.Run >= w.request.Runs {
		return nil, refuse(m, "a digest of run %d of a window of %d runs", d.Run, w.request.Runs)
	}
	w.add(d, m.Seq)
	if w.missing > 0 {
		return nil, nil
	}
	v, err := c.judge(w)
	if err == nil {
		delete(c.windows, name{d.Pipeline, d.Window})
	}
	return v, err
}

// load returns the window that a digest belongs to: from memory, or gathered anew from
// its request and the digests before m. It returns nil when there is nothing to judge.
func (c *Core) load(d *events.Digest, m events.Message) (*window, error) {
	n := name{d.Pipeline, d.Window}
	w, known := c.windows[n]
	if !known {
		verdict, err := c.streams.Last(events.StreamVerdict, events.VerdictGuard(n.pipeline, n.window))
		if err == nil {
			return nil, late(verdict, d, m)
		}
		if !errors.Is(err, events.ErrNotFound) {
			return nil, err
		}
		if w, err = c.gather(n, m); err != nil {
			return nil, err
		}
		c.keep(n, w)
	}
	if d.Request != w.key.Request {
		return nil, refuse(m, "it is of request %.12s…, and window %d was asked for by %.12s…", d.Request, d.Window, w.key.Request)
	}
	return w, nil
}

// keep remembers a window, and forgets the oldest when there are too many.
func (c *Core) keep(n name, w *window) {
	c.windows[n] = w
	c.order = append(c.order, n)
	for len(c.windows) > maxWindows {
		delete(c.windows, c.order[0])
		c.order = c.order[1:]
	}
	if len(c.order) > 2*maxWindows {
		still := c.order[:0]
		for _, n := range c.order {
			if _, ok := c.windows[n]; ok {
				still = append(still, n)
			}
		}
		c.order = still
	}
}

// late tells of a digest that comes after its window's verdict. One that was read before
// says nothing new; one that breaks its run casts doubt on the verdict.
func late(verdict events.Message, d *events.Digest, m events.Message) error {
	v, err := events.ReadVerdict(verdict)
	if err == nil && (m.Seq <= v.DigestSeq || !d.Final) {
		return nil
	}
	return refuse(m, "a digest after its window's verdict, %s sequence %d, which stands: run `ers audit`", verdict.Stream, verdict.Seq)
}

// judge makes the verdict of a window whose runs all have their last digest.
func (c *Core) judge(w *window) (*Verdict, error) {
	last := make([]events.Digest, len(w.runs))
	seq := uint64(0)
	for i := range w.runs {
		last[i] = w.runs[i].last
		seq = max(seq, w.runs[i].seq)
	}
	v, err := compare.Judge(w.key, w.request, last, &source{streams: c.streams, window: w})
	if err != nil {
		return nil, fmt.Errorf("judge window %d: %w", w.key.Window, err)
	}
	v.DigestSeq = seq
	data, err := events.Encode(&v)
	if err == nil && len(data) > c.maxVerdict && v.Divergence != nil {
		// Only frames that no coordinator of ours made have fields as large as this. A
		// verdict that no message can carry would keep all later ones waiting.
		compare.Withdraw(&v, &compare.Contradiction{Run: v.Divergence.Found.Run, Stream: events.StreamTrace,
			Reason: fmt.Sprintf("it differs at tick %d, but what is there is too large to be shown: the verdict takes %d bytes, and a message of this server at most %d", v.Divergence.Tick, len(data), c.maxVerdict)})
		data, err = events.Encode(&v)
	}
	if err != nil {
		return nil, fmt.Errorf("verdict of window %d: %w", w.key.Window, err)
	}
	return &Verdict{&v, events.VerdictSubject(v.Outcome, v.Pipeline, v.Window), events.VerdictGuard(v.Pipeline, v.Window), data}, nil
}
