package events

import (
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/canon"
)

// ErrNoTrace says that a text holds no trace at all.
var ErrNoTrace = errors.New(`no trace: want {"events":[…]}, an array of TraceEvents, or one TraceEvent a line`)

// DecodeTrace reads the JSON text of a trace: {"events":[…]}, an array of events, or
// JSON Lines of events. Every event is read as strictly as by [Decode].
func DecodeTrace(text []byte) ([]TraceEvent, error) {
	var values []canon.Value
	lines := canon.NewScanner(text)
	for lines.Next() {
		values = append(values, lines.Value())
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, ErrNoTrace
	}
	if len(values) == 1 {
		if list, ok := eventList(values[0]); ok {
			values = values[:0]
			for v := range list.Elements() {
				values = append(values, v)
			}
		}
	}
	trace := make([]TraceEvent, len(values))
	for i, v := range values {
		if err := decodeValue(v, &trace[i]); err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
	}
	return trace, nil
}

// eventList returns the array in {"events":[…]}, or v itself if it is an array.
func eventList(v canon.Value) (canon.Value, bool) {
	if v.Kind() == canon.Array {
		return v, true
	}
	n, list := 0, canon.Value("")
	for name, member := range v.Members() {
		if name == "events" {
			list = member
		}
		n++
	}
	return list, n == 1 && list.Kind() == canon.Array
}
