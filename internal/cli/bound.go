package cli

import (
	"context"
	"fmt"
	"io"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
	"abraxas.dev/ers/pkg/sure"
)

// bound is what the windows of one case come to together.
type bound struct {
	Case     string           `json:"case"`
	Windows  int              `json:"windows"`            // that passed
	Runs     int              `json:"runs"`               // of these
	Failed   int              `json:"failed"`             // windows in which a difference between runs was seen
	Differ   bool             `json:"differ"`             // windows that passed differ from each other
	Excludes *events.Excludes `json:"excludes,omitempty"` // what so many equal runs exclude; left out where a difference was seen

	hashes map[string]bool // of windows whose runs are equal
}

// boundOf adds up the windows of the case of the newest window that counts; nil where no
// window counts, or none of the case passed or failed.
func boundOf(ctx context.Context, windows known) (*bound, error) {
	var sum *bound
	for _, m := range windows.requests {
		r, key, err := events.ReadRequest(m)
		if err != nil || !r.AddsUp() {
			continue // the list says what cannot be read
		}
		if sum == nil {
			sum = &bound{Case: r.Case(), hashes: make(map[string]bool)}
		}
		if r.Case() != sum.Case {
			continue
		}
		v, found, err := windows.verdicts.of(ctx, key)
		if err != nil && found.Seq == 0 {
			return nil, err
		}
		if err == nil && v != nil {
			sum.add(v)
		}
	}
	if sum == nil || sum.Windows+sum.Failed == 0 {
		return nil, nil
	}
	if sum.Differ = len(sum.hashes) > 1; sum.Failed == 0 && !sum.Differ {
		oneIn, percent := sure.Excludes(sum.Runs)
		sum.Excludes = &events.Excludes{OneIn: oneIn, Percent: percent}
	}
	return sum, nil
}

func (s *bound) add(v *events.Verdict) {
	switch {
	case v.Outcome == events.Pass:
		s.Windows++
		s.Runs += v.Plain()
	case v.Outcome == events.Fail && v.Divergence.Kind != events.KindLatch:
		s.Failed++
		return
	case v.Outcome != events.Fail:
		return
	}
	s.hashes[v.ExpectedHash+v.ExpectedResultHash] = true // after a latch too: it says nothing of runs among each other
}

// tell says it in one line.
func (s *bound) tell(to io.Writer) error {
	text := fmt.Sprintf("case %.8s, %s that passed, %d runs", s.Case, report.Plural(s.Windows, "window"), s.Runs)
	switch {
	case s.Failed > 0:
		text += fmt.Sprintf(": %s failed, so a difference is known", report.Plural(s.Failed, "window"))
	case s.Differ:
		text += ": they are not equal from window to window"
	default:
		text += ": " + sure.Sentence(s.Excludes.OneIn, s.Excludes.Percent)
	}
	_, err := fmt.Fprintf(to, "\n%s\n", text)
	return err
}
