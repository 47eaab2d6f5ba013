package events

import (
	"fmt"

	"abraxas.dev/ers/pkg/canon"
)

// Lane is the lane of a task. Forecast is the primary lane; shadow only observes.
// The numbers are the lane order of a tick.
type Lane uint8

const (
	Forecast Lane = 0
	Shadow   Lane = 1
)

var laneNames = [...]string{"forecast", "shadow"}

// String returns "forecast" or "shadow", the spelling in events and documents.
func (l Lane) String() string {
	if int(l) < len(laneNames) {
		return laneNames[l]
	}
	return fmt.Sprintf("Lane(%d)", uint8(l))
}

// ParseLane is the reverse of String. It accepts no other spelling.
func ParseLane(s string) (Lane, error) {
	for i, name := range laneNames {
		if s == name {
			return Lane(i), nil
		}
	}
	return 0, fmt.Errorf("unknown lane %q: want forecast or shadow", s)
}

// Status is what became of a task in a tick.
type Status uint8

const (
	OK            Status = 0 // ran and returned a value
	SkippedBudget Status = 1 // not attempted: its lane could not afford it
	Error         Status = 2 // attempted and failed
	NotComputable Status = 3 // attempted; there is no value
)

var statusNames = [...]string{"ok", "skipped_budget", "error", "not_computable"}

// String returns the spelling in events and documents.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// ParseStatus is the reverse of String. It accepts no other spelling.
func ParseStatus(s string) (Status, error) {
	for i, name := range statusNames {
		if s == name {
			return Status(i), nil
		}
	}
	return 0, fmt.Errorf("unknown status %q: want ok, skipped_budget, error or not_computable", s)
}

// Attempted tells whether the task's function was called, and so its cost spent.
func (s Status) Attempted() bool { return s != SkippedBudget }

// Failed tells whether the result carries an error text instead of a value.
func (s Status) Failed() bool { return s == Error || s == NotComputable }

// TraceEvent says that one task had its turn in one tick. It has exactly these
// seven fields; their canonical bytes are what a trace hash covers.
type TraceEvent struct {
	Tick        int64       `json:"tick"` // >= 0
	Task        string      `json:"task"`
	Lane        Lane        `json:"lane"`
	Status      Status      `json:"status"`
	CostOps     int64       `json:"cost_ops"`     // as declared, also when skipped; >= 0
	CostEntropy int64       `json:"cost_entropy"` // likewise
	Meta        canon.Value `json:"meta"`         // an object: {"tags":[…]}, or {"reason":"budget"} when skipped
}

// TaskResult is what a task returned in one tick.
type TaskResult struct {
	Name        string
	Lane        Lane
	Status      Status
	Value       canon.Value // null when there is none
	Error       string      // the error's text; "" when there is none
	CostOps     int64       // what was spent: 0 when skipped
	CostEntropy int64
}

// Tick is one tick of one run: its events in order and, index by index, what the
// tasks returned.
type Tick struct {
	Tick    int64
	Events  []TraceEvent
	Results []TaskResult
}

// MarshalText makes a lane its name in JSON.
func (l Lane) MarshalText() ([]byte, error) {
	if int(l) >= len(laneNames) {
		return nil, fmt.Errorf("%s is not a lane", l)
	}
	return []byte(l.String()), nil
}

// UnmarshalText is the reverse of MarshalText.
func (l *Lane) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLane(string(text))
	return err
}

// MarshalText makes a status its name in JSON.
func (s Status) MarshalText() ([]byte, error) {
	if int(s) >= len(statusNames) {
		return nil, fmt.Errorf("%s is not a status", s)
	}
	return []byte(s.String()), nil
}

// UnmarshalText is the reverse of MarshalText.
func (s *Status) UnmarshalText(text []byte) (err error) {
	*s, err = ParseStatus(string(text))
	return err
}
