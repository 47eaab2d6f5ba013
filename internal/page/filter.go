package page

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/events"
)

// filter says which windows of the list are wanted. What is left out excludes none.
type filter struct {
	before       uint64 // windows with a lower number
	pipeline     string
	state        string
	text         string // in the pipeline's name, the headline, or the task that differs first; in small letters
	drill        string // yes or no
	since, until int64  // in milliseconds: when it was asked for, until exclusive
	failing      bool   // those that fail first, and then the newest
}

func (q query) filter() (f filter, err error) {
	before, err := q.number("before", 0, 0, math.MaxInt64)
	if err != nil {
		return f, err
	}
	f = filter{before: uint64(before), pipeline: q.text("pipeline"), state: q.text("state"), text: strings.ToLower(q.text("text")), drill: q.text("drill"), failing: q.text("order") == "failing"}
	if f.drill != "" && f.drill != "yes" && f.drill != "no" {
		return f, badf("drill is %.40q: want yes or no", f.drill)
	}
	if f.since, err = q.number("since", 0, 0, math.MaxInt64); err != nil {
		return f, err
	}
	f.until, err = q.number("until", math.MaxInt64, 0, math.MaxInt64)
	return f, err
}

func (f *filter) keep(w *Summary) bool {
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), f.text) }
	return (f.pipeline == "" || w.Pipeline == f.pipeline) && (f.state == "" || w.State == f.state) &&
		(f.drill == "" || w.Drill == (f.drill == "yes")) && f.since <= w.Asked && w.Asked < f.until &&
		(f.text == "" || has(w.Pipeline) || has(w.Headline) || has(w.Task))
}

// find returns up to limit windows, and whether there are more.
func (x *index) find(f filter, limit int) (list []Summary, more bool) {
	if !f.failing {
		return x.newest(f.before, limit, f.keep)
	}
	list, _ = x.newest(f.before, maxIndexed, f.keep)
	slices.SortStableFunc(list, func(a, b Summary) int { return cmp.Compare(urgency(a.State), urgency(b.State)) })
	if len(list) > limit {
		return list[:limit], true
	}
	return list, false
}

// urgency is how far behind what is in a state stands where those that fail come first.
func urgency(state string) int {
	switch state {
	case string(events.Fail):
		return 0
	case stateUnreadable:
		return 1
	case string(events.Inconclusive):
		return 2
	}
	return 3
}
