package events

import (
	"fmt"
	"strings"
)

// HandoutSchema is the version of the documents on ers.run.>.
const HandoutSchema = "ers.run.v1"

// Handout hands one run of a window out by itself, to whichever coordinator takes it: so
// the runs of a window that compares machines come to all of them. It stands in ERS_WINDOW
// behind the request, once for each run.
type Handout struct {
	Schema   string `json:"schema"` // HandoutSchema
	Kind     string `json:"kind"`   // of the definition, as in the subject
	Pipeline string `json:"pipeline"`
	Window   uint64 `json:"window"`
	Run      int    `json:"run"`
	Request  string `json:"request"` // SHA-256 of the window's request
}

// RunKey is the run that is handed out.
func (h *Handout) RunKey() RunKey { return RunKey{h.Pipeline, h.Window, h.Run} }

// HandoutSubject is where a run of a kind of definitions is handed out.
func HandoutSubject(kind string, k RunKey) string { return handoutPrefix + kind + "." + k.String() }

// ParseHandoutSubject is the reverse of HandoutSubject.
func ParseHandoutSubject(subject string) (kind string, k RunKey, err error) {
	t, err := tokens(subject, handoutPrefix, 4)
	if err != nil {
		return "", RunKey{}, err
	}
	if err := CheckKind(t[0]); err != nil {
		return "", RunKey{}, fmt.Errorf("subject %q: %w", subject, err)
	}
	k, err = parseRun(strings.TrimPrefix(subject, handoutPrefix+t[0]+"."), "")
	return t[0], k, err
}

// HandoutFilter matches the subjects on which runs of a kind are handed out, of one
// pipeline or of all ("*").
func HandoutFilter(kind, pipeline string) string {
	return handoutPrefix + kind + "." + pipeline + ".*.*"
}

const handoutPrefix = "ers.run."

func (*Handout) schema() string { return HandoutSchema }

func (h *Handout) check() error {
	switch {
	case CheckKind(h.Kind) != nil:
		return fmt.Errorf("/kind: %w", CheckKind(h.Kind))
	case CheckPipelineName(h.Pipeline) != nil:
		return fmt.Errorf("/pipeline: %w", CheckPipelineName(h.Pipeline))
	case h.Window == 0:
		return fmt.Errorf("/window: 0 is no window")
	case h.Run < 0 || h.Run >= MaxRuns:
		return fmt.Errorf("/run: %d: want 0 to %d", h.Run, MaxRuns-1)
	}
	return checkHashes("/request", h.Request)
}

// Of tells why a run that is handed out is none of a window's; nil: it is one. Runs of
// groups are not handed out: they come before the others, by one coordinator.
func (h *Handout) Of(key WindowKey, r *WindowRequest) error {
	switch {
	case key.Window != h.Window || key.Pipeline != h.Pipeline || key.Request != h.Request || r.Kind != h.Kind:
		return fmt.Errorf("window %d was asked for by %.12s… of pipeline %s, kind %s, and the run is one of %.12s… of %s, kind %s",
			h.Window, key.Request, key.Pipeline, r.Kind, h.Request, h.Pipeline, h.Kind)
	case !r.Spread:
		return fmt.Errorf("the runs of window %d are not handed out one by one", h.Window)
	case h.Run >= r.Plain():
		return fmt.Errorf("run %d: window %d hands out its runs 0 to %d", h.Run, h.Window, r.Plain()-1)
	}
	return nil
}
