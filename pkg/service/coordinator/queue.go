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
	q := bus.Windows(kind, c.Pipeline)
	q.Start = c.firstOpen
	return q
}

// runs is what this coordinator takes of the runs of a kind that are handed out.
func (c *Coordinator) runs(kind string) bus.Queue {
	q := bus.Runs(kind, c.Pipeline)
	q.Start = c.firstOpen
	return q
}

// firstOpen is the number of the first window without a verdict: where a queue begins
// whose consumer was removed. Runs are handed out behind their window.
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
