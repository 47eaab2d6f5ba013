package events

import (
	"fmt"
	"strconv"
)

// Control events stand in ERS_WINDOW, on subjects of their own: so what holds for a
// window is what stands before or after its request there, for an audit too.

// ControlSchema is the version of the documents on ers.control.*.*.*.
const ControlSchema = "ers.control.v1"

// Verb is what a control event does.
type Verb string

const (
	Cancel Verb = "cancel" // gives up the runs of a window that are not sealed when it is read
	Taken  Verb = "taken"  // a window was handed out once more, and no frame had been added before

	verbPruned Verb = "pruned" // has a document of its own, see [Pruned]
)

// ParseVerb accepts the verbs of a [Control].
func ParseVerb(s string) (Verb, error) {
	if v := Verb(s); v == Cancel || v == Taken {
		return v, nil
	}
	return "", fmt.Errorf("unknown verb %q: want %s or %s", s, Cancel, Taken)
}

// Control is a control event about one window.
type Control struct {
	Schema   string `json:"schema"` // ControlSchema
	Verb     Verb   `json:"verb"`
	Pipeline string `json:"pipeline"`
	Window   uint64 `json:"window"`
	Request  string `json:"request"`          // SHA-256 of the window's request
	Reason   string `json:"reason,omitempty"` // for people, at most MaxReason

	// Of Taken: how often in a row the window was taken while the last frame of its runs
	// was the one with this ERS_TRACE sequence (0: there was none).
	Takings  int64  `json:"takings,omitempty"`
	TraceSeq uint64 `json:"trace_seq,omitempty"`
	Runs     []int  `json:"runs,omitempty"` // that were taken; left out: all
}

// ControlSubject is where a control event about a window stands.
func ControlSubject(v Verb, pipeline string, window uint64) string {
	return "ers.control." + string(v) + "." + pipeline + "." + strconv.FormatUint(window, 10)
}

// ParseControlSubject is the reverse of ControlSubject.
func ParseControlSubject(subject string) (v Verb, pipeline string, window uint64, err error) {
	t, err := tokens(subject, "ers.control.", 3)
	if err != nil {
		return "", "", 0, err
	}
	if v = Verb(t[0]); v != verbPruned {
		if v, err = ParseVerb(t[0]); err != nil {
			return "", "", 0, fmt.Errorf("subject %q: %w", subject, err)
		}
	}
	if window, err = parseCount(t[2]); err != nil {
		return "", "", 0, fmt.Errorf("subject %q: window: %w", subject, err)
	}
	return v, t[1], window, nil
}

func (*Control) schema() string { return ControlSchema }

func (c *Control) check() error {
	if _, err := ParseVerb(string(c.Verb)); err != nil {
		return fmt.Errorf("/verb: %w", err)
	}
	switch {
	case (c.Verb == Taken) != (c.Takings > 0) || c.Verb != Taken && (c.TraceSeq > 0 || len(c.Runs) > 0):
		return fmt.Errorf("/takings: %d with verb %s", c.Takings, c.Verb)
	case CheckPipelineName(c.Pipeline) != nil:
		return fmt.Errorf("/pipeline: %w", CheckPipelineName(c.Pipeline))
	case c.Window == 0:
		return fmt.Errorf("/window: 0 is not a window")
	case len(c.Reason) > MaxReason:
		return fmt.Errorf("/reason: %d bytes: at most %d", len(c.Reason), MaxReason)
	}
	return checkHashes("/request", c.Request)
}

// VoidSchema is the version of the documents on [VoidSubject].
const VoidSchema = "ers.void.v1"

// Void takes a number of ERS_WINDOW that was lost: other streams name a window with
// this number, or a higher one, while ERS_WINDOW ended before. The last one of a repair
// also says how the streams ended then: positions beyond these ends that documents
// before them name are lost, and nobody waits for them.
type Void struct {
	Schema string `json:"schema"` // VoidSchema
	Ends   Ends   `json:"ends"`   // all 0 but in the last of a repair
	Reason string `json:"reason"` // for people, at most MaxReason
}

// Ends are the last sequences of the streams, 0 for none.
type Ends struct {
	Window  uint64 `json:"window"`
	Trace   uint64 `json:"trace"`
	Digest  uint64 `json:"digest"`
	Verdict uint64 `json:"verdict"`
	Viz     uint64 `json:"viz"`
}

func (*Void) schema() string { return VoidSchema }

func (v *Void) check() error {
	if v.Reason == "" || len(v.Reason) > MaxReason {
		return fmt.Errorf("/reason: %d bytes: want 1 to %d", len(v.Reason), MaxReason)
	}
	return nil
}
