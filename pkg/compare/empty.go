package compare

import "abraxas.dev/ers/pkg/events"

// empty tells why no task ended ok in run 0, which the others are equal to; "" when one
// did. ticks is how many it has.
func (x *examiner) empty(ticks int64) (events.Empty, error) {
	c := x.open(0)
	defer c.stop()
	empty := events.EmptySkipped
	for range min(ticks, events.MaxLooked) {
		d, err := c.next()
		if err != nil {
			return "", err
		}
		t, err := c.load(d)
		if err != nil {
			return "", err
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
	}
	return empty, nil
}
