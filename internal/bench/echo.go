package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

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
	key := func(run int) events.RunKey {
		return events.RunKey{Pipeline: n.pipeline(), Window: window + 1, Run: run}
	}
	var mu sync.Mutex
	sent, seen := make([][]time.Time, Runs), make([][]time.Time, Runs)
	start := time.Now().Add(interval)
	group, errs := f.bus.NewGroup(), make([]error, Runs)
	var writing sync.WaitGroup
	for run := range Runs {
		sent[run] = make([]time.Time, ticks)
		writing.Go(func() {
			w := group.Writer(events.TraceSubject(key(run)), 0)
			for i, frame := range frames {
				time.Sleep(time.Until(start.Add(time.Duration(i)*interval + interval*time.Duration(run)/Runs)))
				mu.Lock()
				sent[run][i] = time.Now()
				mu.Unlock()
				if w.Append(f.ctx, frame) != nil {
					break // Flush says why
				}
			}
			_, errs[run] = w.Flush()
		})
	}
	missing := Runs * ticks
	filter := strings.TrimSuffix(events.DigestSubject(key(0)), "0") + "*"
	err = f.bus.Follow(f.ctx, events.StreamDigest, filter, 1, func(m bus.Message) error {
		now := time.Now()
		run, err := events.ParseDigestSubject(m.Subject)
		if err != nil {
			return err
		}
		text, _, _ := bytes.Cut(m.Data, []byte(" "))
		count, err := strconv.Atoi(string(text))
		if err != nil {
			return fmt.Errorf("an echo: %w", err)
		}
		for len(seen[run.Run]) < count {
			seen[run.Run] = append(seen[run.Run], now)
			missing--
		}
		if missing == 0 {
			return errAllSeen
		}
		return nil
	})
	writing.Wait()
	if !errors.Is(err, errAllSeen) {
		return nil, err
	}
	var times []time.Duration
	for run := range Runs {
		if errs[run] != nil {
			return nil, errs[run]
		}
		for i := range ticks {
			times = append(times, seen[run][i].Sub(sent[run][i]))
		}
	}
	return times, nil
}
