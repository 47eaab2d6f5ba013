package compare

import (
	"fmt"

	"abraxas.dev/ers/pkg/events"
)

// empty tells why no task ended ok in run 0, which the others are equal to; "" when one
// did.
func (x *examiner) empty() (events.Empty, error) {
	empty, ticks := events.EmptySkipped, 0
	for t, err := range x.src.Ticks(0) {
		if err != nil {
			return "", fmt.Errorf("ticks of run 0: %w", err)
		}
		for i := range t.Events {
			switch t.Events[i].Status {
			case events.OK:
				return "", nil
			case events.SkippedBudget:
			default:
				empty = events.EmptyFailed
			}
		}
		if ticks++; ticks == events.MaxLooked {
			break
		}
	}
	return empty, nil
}
