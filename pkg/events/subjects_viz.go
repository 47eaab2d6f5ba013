package events

import (
	"fmt"
	"strconv"
)

// StreamViz holds what package feed makes for AAL-Viz out of verdicts and frames.
const StreamViz = "ERS_VIZ"

// The subjects of StreamViz, one for each kind of document. VizSubjects is all of
// them, for subscribers.
const (
	TrendPackSubjects = "ers.viz.trendpack.*.*.*"
	StabilitySubjects = "ers.viz.stability.*.*"
	VizSubjects       = "ers.viz.>"
)

// TrendPackSubject is where the TrendPacks of a run are published, one a tick.
func TrendPackSubject(k RunKey) string { return "ers.viz.trendpack." + k.String() }

// TrendPackFilter matches the subjects of the TrendPacks of a window.
func TrendPackFilter(k WindowKey) string { return "ers.viz.trendpack." + k.Filter() }

// ParseTrendPackSubject is the reverse of TrendPackSubject.
func ParseTrendPackSubject(subject string) (RunKey, error) {
	return parseRun(subject, "ers.viz.trendpack.")
}

// StabilitySubject is where the RunStability of a window is published.
func StabilitySubject(pipeline string, window uint64) string {
	return "ers.viz.stability." + pipeline + "." + strconv.FormatUint(window, 10)
}

// ParseStabilitySubject is the reverse of StabilitySubject.
func ParseStabilitySubject(subject string) (pipeline string, window uint64, err error) {
	t, err := tokens(subject, "ers.viz.stability.", 2)
	if err != nil {
		return "", 0, err
	}
	if window, err = parseCount(t[1]); err != nil {
		return "", 0, fmt.Errorf("subject %q: window: %w", subject, err)
	}
	return t[0], window, nil
}
