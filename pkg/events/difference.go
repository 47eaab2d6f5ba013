package events

import (
	"errors"
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/canon"
)

// Difference is one that a run met by itself, in place of a further tick: what was done
// again, or was to have no effect, came out otherwise. The run ends with it, and its
// window fails whatever the other runs are.
type Difference struct {
	Kind       DivergenceKind `json:"kind"`        // one of OwnKinds
	Tick       int64          `json:"tick"`        // that of its frame, or one before it
	EventIndex int            `json:"event_index"` // in the tick
	Task       string         `json:"task"`
	Pointer    string         `json:"pointer"`  // RFC 6901, as in a Location
	Expected   canon.Value    `json:"expected"` // what the record holds; at most MaxDifference bytes
	Found      canon.Value    `json:"found"`    // likewise
}

// OwnKinds are the kinds of difference that a run can meet by itself.
var OwnKinds = []DivergenceKind{KindRestart, KindEffect}

// MaxDifference is the most canonical bytes of each side of a [Difference].
const MaxDifference = 256 << 10

func (d *Difference) check() error {
	switch {
	case !slices.Contains(OwnKinds, d.Kind):
		return fmt.Errorf("/difference/kind: %q is not one of %v", d.Kind, OwnKinds)
	case d.Tick < 0 || d.EventIndex < 0:
		return fmt.Errorf("/difference: event %d of tick %d is out of range", d.EventIndex, d.Tick)
	case d.Task == "" || len(d.Task) > MaxDescription || len(d.Pointer) > MaxPointer:
		return errors.New("/difference: it names no task, or one or a pointer that is too long")
	case max(len(d.Expected), len(d.Found)) > MaxDifference:
		return fmt.Errorf("/difference: a side takes more than %d bytes", MaxDifference)
	case d.Expected == d.Found:
		return errors.New("/difference: both sides are equal")
	}
	return nil
}

// checkIn checks the difference of a frame.
func (d *Difference) checkIn(p *Position) error {
	if d.Tick < p.FirstTick || d.Tick > p.Tick {
		return fmt.Errorf("/difference: tick %d is out of range: the run has got from tick %d to tick %d", d.Tick, p.FirstTick, p.Tick)
	}
	return d.check()
}

// Object names content that lives in ERS_OBJECTS because it is too large for a frame,
// or raw: it is outside of everything that is hashed.
type Object struct {
	Task   string `json:"task"`
	Name   string `json:"name"` // what it is to the task, such as "stdout"
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
}

func (o *Object) check() error {
	switch {
	case o.Task == "" || o.Name == "":
		return errors.New("an object names no task, or has no name")
	case !IsHash(o.SHA256):
		return fmt.Errorf("object %.80q: %.80q is not a SHA-256 in 64 lower-case hex digits", o.Name, o.SHA256)
	}
	return nil
}
