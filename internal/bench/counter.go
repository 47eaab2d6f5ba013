package bench

import (
	"context"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

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
