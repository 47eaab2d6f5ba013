package compare

import (
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/command"
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
	if x, y, ok := outputs(record, &both, &p); ok {
		p.pointer, p.expected, p.found = valuePointer, x, y
	} else if p.expected == "" || p.found == "" { // one side has nothing there: name what it is in
		if p, err = above(record, &both, p); err != nil {
			return nil, err
		}
	}
	return &events.Difference{Kind: events.KindRestart, Tick: record.Tick, EventIndex: p.index, Task: p.task,
		Pointer: p.pointer, Expected: p.expected, Found: p.found}, nil
}

// valuePointer leads to what a task returned. A restart difference in a value of a command is
// that of all of it, so that the judge can say in what of the output it is.
const valuePointer = "/value"

// outputs are the values at a place in one of a command, where both are that and not too long.
func outputs(record, again *events.Tick, p *place) (x, y canon.Value, ok bool) {
	if !strings.HasPrefix(p.pointer, valuePointer+"/") {
		return "", "", false
	}
	x, y = record.Results[p.index].Value, again.Results[p.index].Value
	return x, y, max(len(x), len(y)) <= events.MaxDifference && areOutputs(x, y)
}

// areOutputs tells whether two values are what runs of a command came to.
func areOutputs(values ...canon.Value) bool {
	for _, v := range values {
		if _, err := command.Read(v); err != nil {
			return false
		}
	}
	return true
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
