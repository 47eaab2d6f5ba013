package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// The bus alone, at a fixed rate: how long a frame and its digest take when nobody computes
// anything. What the pipeline takes beyond that is its own doing.

// echo stands in for the hasher: it reads as the hasher does, and answers with messages as
// long as digests, on the same subjects and through the same kind of group. Each says how
// many frames of its run there are.
type echo struct {
	bus   *bus.Bus
	group *bus.Group
	runs  map[string]*echoed // by subject of the digests
	dirty []*echoed
}

type echoed struct {
	subject string
	frames  int
	fresh   int    // of them not answered
	last    uint64 // sequence of the last answer
}

// Lengths of a digest, and of what it says of each tick.
const (
	digestBytes = 600
	coverBytes  = 450
)

func (e *echo) run(ctx context.Context) error {
	// From the first frame on: it may come before this process does.
	err := e.bus.Follow(ctx, events.StreamTrace, "", 1, func(m bus.Message) error { return e.frame(ctx, m) })
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (e *echo) frame(ctx context.Context, m bus.Message) error {
	key, err := events.ParseTraceSubject(m.Subject)
	if err != nil {
		return err
	}
	subject := events.DigestSubject(key)
	r := e.runs[subject]
	if r == nil {
		r = &echoed{subject: subject}
		e.runs[subject] = r
	}
	r.frames++
	if r.fresh++; r.fresh == 1 {
		e.dirty = append(e.dirty, r)
	}
	if m.Pending > 0 {
		return nil
	}
	return e.answer(ctx)
}

func (e *echo) answer(ctx context.Context) error {
	writers := make([]*bus.Writer, len(e.dirty))
	for i, r := range e.dirty {
		writers[i] = e.group.Writer(r.subject, r.last)
		text := append(strconv.AppendInt(nil, int64(r.frames), 10), ' ')
		_ = writers[i].Append(ctx, append(text, make([]byte, digestBytes+r.fresh*coverBytes)...)) // Flush says what became of it
	}
	for i, r := range e.dirty {
		seq, err := writers[i].Flush()
		if err != nil {
			return err
		}
		r.last, r.fresh = seq, 0
	}
	e.dirty = e.dirty[:0]
	return nil
}

// echoes are of one window: when its frames were appended, and their answers seen, by run and tick.
type echoes struct {
	fleet    *fleet
	key      func(run int) events.RunKey
	interval time.Duration // between two frames of a run
	sent     [Runs][]time.Time
	seen     [Runs][]time.Time
}

// echoOf appends the frames of one window at a fixed rate, and returns how long it took from
// each to its answer.
func (f *fleet) echoOf(n emptyTasks, ticks int64, interval time.Duration) ([]time.Duration, error) {
	frames, err := encodeRun(n, ticks)
	if err != nil {
		return nil, err
	}
	window, err := f.bus.LastSeq(f.ctx, events.StreamDigest) // a number that no window here has had
	if err != nil {
		return nil, err
	}
	e := &echoes{fleet: f, interval: interval, key: func(run int) events.RunKey {
		return events.RunKey{Pipeline: n.pipeline(), Window: window + 1, Run: run}
	}}
	start, group := time.Now().Add(interval), f.bus.NewGroup()
	var writing errgroup.Group
	for run := range Runs {
		writing.Go(func() error { return e.send(group, run, frames, start) })
	}
	seen := e.follow(Runs * ticks)
	if err := errors.Join(writing.Wait(), seen); err != nil {
		return nil, err
	}
	var times []time.Duration
	for run := range Runs {
		for i, sent := range e.sent[run] {
			times = append(times, e.seen[run][i].Sub(sent))
		}
	}
	return times, nil
}

// send appends the frames of a run, each when it is due, the runs shifted against each other.
func (e *echoes) send(group *bus.Group, run int, frames [][]byte, start time.Time) error {
	w := group.Writer(events.TraceSubject(e.key(run)), 0)
	for i, frame := range frames {
		time.Sleep(time.Until(start.Add(time.Duration(i)*e.interval + e.interval*time.Duration(run)/Runs)))
		e.sent[run] = append(e.sent[run], time.Now())
		if w.Append(e.fleet.ctx, frame) != nil {
			break // Flush says why
		}
	}
	_, err := w.Flush()
	return err
}

// follow notes when answers come, until all frames have one.
func (e *echoes) follow(missing int64) error {
	filter := strings.TrimSuffix(events.DigestSubject(e.key(0)), "0") + "*"
	err := e.fleet.bus.Follow(e.fleet.ctx, events.StreamDigest, filter, 1, func(m bus.Message) error {
		now := time.Now()
		key, err := events.ParseDigestSubject(m.Subject)
		if err != nil {
			return err
		}
		text, _, _ := bytes.Cut(m.Data, []byte(" "))
		count, err := strconv.Atoi(string(text))
		if err != nil {
			return fmt.Errorf("an echo: %w", err)
		}
		for len(e.seen[key.Run]) < count {
			e.seen[key.Run] = append(e.seen[key.Run], now)
			missing--
		}
		if missing == 0 {
			return errAllSeen
		}
		return nil
	})
	if errors.Is(err, errAllSeen) {
		return nil
	}
	return err
}
