package coordinator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// queue is what this coordinator takes of a kind.
func (c *Coordinator) queue(kind string) bus.Queue {
	return c.fromFirstOpen(bus.Windows(kind, c.Pipeline))
}

// runs is what this coordinator takes of the runs of a kind that are handed out.
func (c *Coordinator) runs(kind string) bus.Queue {
	return c.fromFirstOpen(bus.Runs(kind, c.Pipeline))
}

// fromFirstOpen makes a queue begin with the first window without a verdict where its
// consumer was removed. Runs are handed out behind their window.
func (c *Coordinator) fromFirstOpen(q bus.Queue) bus.Queue {
	q.Start = func(ctx context.Context) (uint64, error) {
		_, err := c.Bus.Last(ctx, events.StreamWindow, q.Filter)
		if errors.Is(err, bus.ErrNotFound) {
			return 1, nil // nothing was ever on this queue
		}
		if err != nil {
			return 0, err
		}
		return c.firstOpen(ctx)
	}
	return q
}

// firstOpen is the number of the first window without a verdict.
func (c *Coordinator) firstOpen(ctx context.Context) (uint64, error) {
	subjects, err := c.Bus.Subjects(ctx, events.StreamVerdict, events.VerdictSubjects)
	if err != nil {
		return 0, err
	}
	judged := make(map[uint64]bool, len(subjects))
	for subject := range subjects {
		if _, _, window, err := events.ParseVerdictSubject(subject); err == nil {
			judged[window] = true
		}
	}
	for window := uint64(1); ; window++ {
		if judged[window] {
			continue
		}
		m, err := c.Bus.Get(ctx, events.StreamWindow, window)
		switch {
		case errors.Is(err, bus.ErrNotFound):
			return window, nil
		case err != nil:
			return 0, fmt.Errorf("where the queue begins: %w", err)
		case strings.HasPrefix(m.Subject, "ers.window."):
			return window, nil
		}
	}
}
