package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
)

// memory measures what one core does without a bus.
func (m *measurement) memory(ctx context.Context) error {
	for _, n := range m.EventsPerTick {
		s := Setting{EventsPerTick: n}
		m.Progress("in memory, " + s.String())
		loops, err := newLoops(emptyTasks(n))
		if err != nil {
			return err
		}
		var contestants []contestant
		for _, l := range loops {
			contestants = append(contestants, l.contestant(m.memoryTurn))
		}
		if m.python != "" {
			contestants = append(contestants, m.pythonWay(emptyTasks(n)))
		}
		err = m.compete(ctx, s, comparisons{
			RateCanonical: {RateSHA256}, RateFrames: {RateSHA256}, RateGo: {RatePython},
		}, contestants...)
		if err != nil {
			return err
		}
	}
	return nil
}

// batchTicks is after how many ticks a loop begins anew, and looks at the clock.
const batchTicks = 64

// loop does the same batch of ticks again and again.
type loop struct {
	name   string
	events int64 // of one batch
	bytes  int64
	batch  func() error
}

// contestant returns a turn of the loop that takes so long, or as long as one batch.
func (l loop) contestant(turn time.Duration) contestant {
	return func(ctx context.Context) ([]sample, error) {
		s := sample{name: l.name}
		for start := time.Now(); s.took < turn && ctx.Err() == nil; s.took = time.Since(start) {
			if err := l.batch(); err != nil {
				return nil, fmt.Errorf("%s: %w", l.name, err)
			}
			s.events += l.events
			s.bytes += l.bytes
		}
		return []sample{s}, ctx.Err()
	}
}

// newLoops returns what is measured in memory, all of it over the same ticks.
func newLoops(n emptyTasks) ([]loop, error) {
	ticks, err := n.ticks(batchTicks)
	if err != nil {
		return nil, err
	}
	texts, err := canonicalTicks(ticks)
	if err != nil {
		return nil, err
	}
	frames, err := encodeRun(n, batchTicks)
	if err != nil {
		return nil, err
	}
	s, err := n.Scheduler()
	if err != nil {
		return nil, err
	}
	events := int64(n) * batchTicks
	return []loop{
		{RateSHA256, events, size(texts), func() error { hashTexts(texts); return nil }},
		{RateCanonical, events, size(texts), func() error { return hashTicks(ticks) }},
		{RateFrames, events, size(frames), func() error { return hashFrames(frames) }},
		{RateSchedule, events, 0, func() error { return schedule(s, n) }},
		{RateGo, events, size(texts), func() error { _, err := inMemory(n.tasks(), batchTicks); return err }},
	}, nil
}

// canonicalTicks returns what the trace hash of each tick covers.
func canonicalTicks(ticks []events.Tick) (texts [][]byte, err error) {
	for _, t := range ticks {
		text := []byte(`{"events":[`)
		for i := range t.Events {
			if i > 0 {
				text = append(text, ',')
			}
			if text, err = events.AppendEvent(text, &t.Events[i]); err != nil {
				return nil, err
			}
		}
		text = append(text, "]}"...)
		if sum, err := events.TraceSHA256(t.Events); err != nil || sum != canon.Sum(text).String() {
			return nil, errors.Join(err, fmt.Errorf("tick %d: its trace hash is not that of its canonical bytes", t.Tick))
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func size(texts [][]byte) int64 { return int64(len(bytes.Join(texts, nil))) }

func hashTexts(texts [][]byte) {
	for _, t := range texts {
		sha256.Sum256(t)
	}
}

// hashTicks makes the trace hash of each tick.
func hashTicks(ticks []events.Tick) error {
	h := canon.NewListHash("events")
	var event []byte
	for i := range ticks {
		h.Reset()
		for j := range ticks[i].Events {
			var err error
			if event, err = events.AppendEvent(event[:0], &ticks[i].Events[j]); err != nil {
				return err
			}
			h.Add(event)
		}
		h.Sum()
	}
	return nil
}

// hashFrames does what the hasher does with frames.
func hashFrames(frames [][]byte) error {
	var d events.FrameDecoder
	h := events.NewRunHash()
	for _, frame := range frames {
		if err := d.Decode(frame); err != nil {
			return err
		}
		h.AddFrame(&d)
		if d.Last() {
			h.EndTick()
		}
	}
	h.Sum()
	return nil
}

func schedule(s *scheduler.Scheduler, n emptyTasks) error {
	for i := range int64(batchTicks) {
		if _, err := s.Tick(context.Background(), i, n.budgets(), canon.Null); err != nil {
			return err
		}
	}
	return nil
}

// inMemory does what the Python way does, and returns the same hash.
func inMemory(tasks []scheduler.Task, ticks int) (traceSHA256 string, err error) {
	s := scheduler.New()
	if err := s.Add(tasks...); err != nil {
		return "", err
	}
	tick, run := canon.NewListHash("events"), canon.NewListHash("events")
	var event []byte
	budgets := emptyTasks(len(tasks)).budgets()
	for i := range int64(ticks) {
		t, err := s.Tick(context.Background(), i, budgets, canon.Null)
		if err != nil {
			return "", err
		}
		tick.Reset()
		for j := range t.Events {
			if event, err = events.AppendEvent(event[:0], &t.Events[j]); err != nil {
				return "", err
			}
			tick.Add(event)
			run.Add(event)
		}
		_ = tick.Sum().String()
	}
	return run.Sum().String(), nil
}
