package compare

import (
	"fmt"
	"iter"
	"slices"

	"abraxas.dev/ers/pkg/events"
)

// cursor reads one run from its first tick to its last.
type cursor struct {
	*examiner
	run  int
	read int64 // ticks read
	pull func() (events.TickDigest, error, bool)
	stop func()
}

func (x *examiner) open(run int) *cursor {
	pull, stop := iter.Pull2(x.src.TickDigests(run))
	return &cursor{x, run, 0, pull, stop}
}

// next returns the next tick digest. Past the last tick it must not be called.
func (c *cursor) next() (events.TickDigest, error) {
	want := c.req.FirstTick + c.read
	d, err, ok := c.pull()
	switch {
	case err != nil:
		return d, fmt.Errorf("tick digests of run %d: %w", c.run, err)
	case !ok:
		return d, contradict(c.run, events.StreamDigest, 0, "the digests of the run end before tick %d", want)
	case d.Tick != want:
		return d, contradict(c.run, events.StreamDigest, 0, "the digests of the run have tick %d where tick %d belongs", d.Tick, want)
	}
	c.read++
	return d, nil
}

// load returns the tick that d is about.
func (c *cursor) load(d events.TickDigest) (events.Tick, error) {
	t, err := c.src.Tick(c.run, d)
	if err != nil {
		return t, fmt.Errorf("tick %d of run %d: %w", d.Tick, c.run, err)
	}
	if err := checkTick(c.run, &d, &t); err != nil || !c.forecast {
		return t, err
	}
	return forecastOf(&t), nil
}

// forecastOf is what the forecast lane did in a tick.
func forecastOf(t *events.Tick) events.Tick {
	forecast := events.Tick{Tick: t.Tick}
	for i := range t.Events {
		if t.Events[i].Lane == events.Forecast {
			forecast.Events, forecast.Results = append(forecast.Events, t.Events[i]), append(forecast.Results, t.Results[i])
		}
	}
	return forecast
}

// before returns the last events of the ticks passed and of the events before the
// difference in its own tick.
func (c *cursor) before(passed []events.TickDigest, here []events.TraceEvent) ([]events.TraceEvent, error) {
	list := append([]events.TraceEvent{}, here[max(0, len(here)-around):]...)
	for _, d := range slices.Backward(passed) {
		if len(list) == around {
			break
		}
		t, err := c.load(d)
		if err != nil {
			return nil, err
		}
		list = slices.Concat(t.Events[max(0, len(t.Events)-(around-len(list))):], list)
	}
	return list, nil
}

// after sets the event at the difference, which absent says this side does not have,
// and the events after it. rest are the events from the difference to the end of its
// tick.
func (c *cursor) after(s *events.Side, rest []events.TraceEvent, absent bool) error {
	if !absent {
		event := rest[0]
		s.Event, rest = &event, rest[1:]
	}
	s.After = append([]events.TraceEvent{}, rest[:min(len(rest), around)]...)
	for len(s.After) < around && c.read < c.req.Ticks { // not of an open run, whose end is not known here
		d, err := c.next()
		if err != nil {
			return err
		}
		if d.Events == 0 {
			continue
		}
		t, err := c.load(d)
		if err != nil {
			return err
		}
		s.After = append(s.After, t.Events[:min(len(t.Events), around-len(s.After))]...)
	}
	return nil
}
