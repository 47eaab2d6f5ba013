package compare

import (
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// Restart returns in what a tick that was run again differs from the record, nil when it
// does not. When the record has the beginning of the tick alone it is held against that.
func Restart(record, again *events.Tick) (*events.Difference, error) {
	both := *again
	if n := len(record.Events); n < len(again.Events) {
		both.Events, both.Results = again.Events[:n], again.Results[:n]
	}
	if firstDifference(record, &both) < 0 {
		return nil, nil
	}
	p, err := classify(record, &both)
	if err != nil {
		return nil, err
	}
	if p.expected == "" || p.found == "" { // one side has nothing there: name what it is in
		if p, err = above(record, &both, p); err != nil {
			return nil, err
		}
	}
	return &events.Difference{Kind: events.KindRestart, Tick: record.Tick, EventIndex: p.index, Task: p.task,
		Pointer: p.pointer, Expected: p.expected, Found: p.found}, nil
}

// above moves a place up to the whole field, or where an event is missing or one too many
// to the whole event.
func above(a, b *events.Tick, p place) (place, error) {
	sides := [2]canon.Value{canon.Null, canon.Null}
	for i, t := range []*events.Tick{a, b} {
		if p.index >= len(t.Events) {
			continue
		}
		side, err := whole(t, p.index)
		if err != nil {
			return p, err
		}
		sides[i] = side
	}
	p.pointer, p.expected, p.found = "", sides[0], sides[1]
	return p, nil
}
