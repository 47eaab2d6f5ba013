package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// encodeRun returns the frames of a run of so many ticks. Each is one tick.
func encodeRun(n emptyTasks, ticks int64) (frames [][]byte, err error) {
	s, err := n.Scheduler()
	if err != nil {
		return nil, err
	}
	p := events.Position{Request: canon.Sum(nil).String(), RunKey: events.RunKey{Pipeline: n.pipeline(), Window: 1}, Ticks: ticks}
	var encoder events.FrameEncoder
	for i := range ticks {
		t, err := s.Tick(context.Background(), i, n.budgets(), nil)
		if err != nil {
			return nil, err
		}
		const whole = 1 << 30
		err = encoder.Encode(p, &t.Tick, whole, func(frame []byte, _ int) error {
			frames = append(frames, append([]byte(nil), frame...))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return frames, nil
}

// publisher stands in for the coordinator: it takes windows off the queue and appends
// the frames of their runs as the coordinator does, but has made them before.
type publisher struct {
	bus   *bus.Bus
	group *bus.Group

	mu     sync.Mutex
	frames map[madeFor][][]byte // of one run; the frames of the others are as long
}

type madeFor struct {
	tasks emptyTasks
	ticks int64
}

func (p *publisher) run(ctx context.Context) error {
	err := p.bus.Work(ctx, bus.Windows(kind, ""), 1, p.window)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (p *publisher) window(ctx context.Context, item bus.WorkItem) error {
	var r events.WindowRequest
	if err := events.Decode(item.Data, &r); err != nil {
		return fmt.Errorf("%w: %w", bus.ErrDrop, err)
	}
	frames, err := p.make(&r)
	if err != nil {
		return fmt.Errorf("%w: %w", bus.ErrDrop, err)
	}
	var group sync.WaitGroup
	errs := make([]error, r.Runs)
	for run := range r.Runs {
		group.Go(func() {
			out := p.group.Writer(events.TraceSubject(events.RunKey{Pipeline: r.Pipeline, Window: item.Seq, Run: run}), 0)
			for _, frame := range frames {
				if err := out.Append(ctx, frame); err != nil {
					break // Flush says why
				}
			}
			_, errs[run] = out.Flush()
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// make returns the frames of a window's runs, which only the first window of its size
// has to wait for.
func (p *publisher) make(r *events.WindowRequest) ([][]byte, error) {
	n, err := tasksOf(r.Pipeline)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := madeFor{n, r.Ticks}
	if p.frames[key] == nil {
		frames, err := encodeRun(n, r.Ticks)
		if err != nil {
			return nil, err
		}
		p.frames = map[madeFor][][]byte{key: frames} // those before are not needed again
	}
	return p.frames[key], nil
}

// counter stands in for the hasher: it reads what the publisher appends, counts, and
// when a window is whole says so where the last digest of run 0 would be.
type counter struct {
	bus    *bus.Bus
	window events.RunKey
	want   int64 // frames of the window
	have   int64
}

func (c *counter) run(ctx context.Context) error {
	last, err := c.bus.LastSeq(ctx, events.StreamTrace)
	if err == nil {
		err = c.bus.Follow(ctx, events.StreamTrace, "", last+1, func(m bus.Message) error { return c.frame(ctx, m) })
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (c *counter) frame(ctx context.Context, m bus.Message) error {
	if c.have == c.want {
		if err := c.begin(ctx, m.Subject); err != nil {
			return err
		}
	}
	c.have++
	if c.have < c.want {
		return nil
	}
	_, err := c.bus.Append(ctx, events.DigestSubject(c.window), 0, []byte("counted"))
	return err
}

// begin finds out how many frames the window of this subject has.
func (c *counter) begin(ctx context.Context, subject string) error {
	key, err := events.ParseTraceSubject(subject)
	if err != nil {
		return err
	}
	m, err := c.bus.Get(ctx, events.StreamWindow, key.Window)
	if err != nil {
		return err
	}
	var r events.WindowRequest
	if err := events.Decode(m.Data, &r); err != nil {
		return err
	}
	key.Run = 0
	c.window, c.have, c.want = key, 0, int64(r.Runs)*r.Ticks
	return nil
}
