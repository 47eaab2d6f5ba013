package report

import (
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// Headline says in one line, without the outcome itself, what a verdict is: which
// runs differ, where, and in what; or why they could not be judged.
func Headline(v *events.Verdict) string {
	mark := marked(v) + emptied(v)
	switch {
	case v.Outcome == events.Pass && v.Drill != nil:
		return mark + fmt.Sprintf("all %d runs are equal: the difference made on purpose was not seen", v.Runs)
	case v.Outcome == events.Pass && len(v.RunGroups) > 0:
		return mark + fmt.Sprintf("all %d runs are equal to the byte, and so is the forecast lane of %d more without shadow tasks", v.Plain(), v.Runs-v.Plain())
	case v.Outcome == events.Pass:
		return mark + fmt.Sprintf("all %d runs are equal to the byte", v.Runs)
	case v.Divergence != nil && v.Divergence.Kind == events.KindLatch:
		return mark + fmt.Sprintf("all %d runs are equal, but their %s", v.Runs, notAccepted(v.Divergence))
	case v.Divergence != nil:
		return mark + fmt.Sprintf("%s at tick %d: %s", whichRuns(v), v.Divergence.Tick, Difference(v.Divergence))
	case len(v.Problems) > 0:
		return mark + whyNot(v)
	}
	return mark + fmt.Sprintf("the verdict on %d runs gives no reason", v.Runs)
}

// marked says that a window is an exercise, or one of a search.
func marked(v *events.Verdict) string {
	switch {
	case v.Drill != nil:
		return "drill: "
	case v.Probe != nil:
		return "probe: "
	}
	return ""
}

// emptied says of a pass that nothing ran that could have differed.
func emptied(v *events.Verdict) string {
	where := ""
	if v.Ticks == 0 || v.Ticks > events.MaxLooked { // 0: open
		where = fmt.Sprintf(" in the first %d ticks", events.MaxLooked)
	}
	switch v.Empty {
	case events.EmptySkipped:
		return "no task ran" + where + ", each was skipped for its budget: "
	case events.EmptyFailed:
		return "no task ended ok" + where + ", each that ran failed: "
	}
	return ""
}

// FirstLine is the outcome in capitals and the headline.
func FirstLine(v *events.Verdict) string {
	word, rest := firstLine(v)
	return word + rest
}

func firstLine(v *events.Verdict) (word, rest string) {
	word = strings.ToUpper(clean(string(v.Outcome)))
	if v.Empty != "" {
		return word, ", but " + Headline(v)
	}
	return word, "  " + Headline(v)
}

// notAccepted says which hash is not the accepted one.
func notAccepted(d *events.Divergence) string {
	found, accepted := shortPair(scalar(&d.Found), scalar(&d.Expected))
	what := "trace hash"
	if d.Pointer == "/result_sha256" {
		what = "result hash"
	}
	return fmt.Sprintf("%s is %s, not the accepted %s", what, found, accepted)
}

// whyNot says which runs could not be judged, and the reason if it is one.
func whyNot(v *events.Verdict) string {
	all := troubles(v)
	first := &all[0]
	switch {
	case len(all) > 1:
		return fmt.Sprintf("%d of %d runs could not be judged, the first is run %d: %s", len(v.Problems), v.Runs, first.runs[0], name(first.reason))
	case len(first.runs) == v.Runs:
		return "no run could be judged: " + name(first.reason)
	}
	return fmt.Sprintf("%s could not be judged: %s", runs(first.runs), name(first.reason))
}

// whichRuns says which runs differ from which others. With more than two groups it
// names those that part first.
func whichRuns(v *events.Verdict) string {
	d := v.Divergence
	if slices.Contains(events.OwnKinds, d.Kind) {
		return runs(d.Runs) + " " + differ(d.Runs) + " from its own record"
	}
	if len(v.Groups) < 2 {
		return runs(d.Runs) + " " + differ(d.Runs)
	}
	if made := events.Made(v.RunGroups, d.Runs); made >= 0 {
		off := tasksOff(v, made)
		if d.Shadow != "" {
			off = "the shadow task " + name(d.Shadow)
		}
		return fmt.Sprintf("%s, without %s, %s from %s", runs(d.Runs), off, differ(d.Runs), runs(groupOf(v, d.Expected.Run)))
	}
	reference := v.Groups[0].Runs
	pair := fmt.Sprintf("%s %s from %s", runs(d.Runs), differ(d.Runs), runs(reference))
	switch {
	case v.Tie && v.Probe != nil && len(v.Groups) == 2: // its run 0 is the plain one
		return pair
	case v.Tie && len(v.Groups) == 2:
		return "a tie: " + pair
	case len(v.Groups) == v.Runs:
		return fmt.Sprintf("no two of %d runs are equal: %s", v.Runs, pair)
	case v.Tie:
		return fmt.Sprintf("%d runs fall into %d groups, the largest a tie: %s", v.Runs, len(v.Groups), pair)
	}
	others := fmt.Sprintf("%s %s from the other %d", runs(v.Outliers), differ(v.Outliers), len(reference))
	if len(v.Groups) == 2 {
		return others
	}
	return fmt.Sprintf("%s, %s first,", others, runs(d.Runs))
}

func differ(runs []int) string {
	if len(runs) == 1 {
		return "differs"
	}
	return "differ"
}

// Difference says in a line which task differs, in which field, and from what to what.
func Difference(d *events.Divergence) string {
	if d.Kind == events.KindRestart {
		return "done again after a crash, " + Difference(betweenRuns(d))
	}
	task, pointer := name(d.Task), name(d.Pointer)
	expected, found := scalar(&d.Expected), scalar(&d.Found)
	if d.Content != nil {
		return task + ": " + inContent(d)
	}
	switch d.Kind {
	case events.KindOrder:
		if d.Pointer == "/lane" {
			return fmt.Sprintf("%s ran in lane %s, not %s", task, found, expected)
		}
		if d.Found.Event != nil {
			found = name(d.Found.Event.Task)
		}
		if d.Found.Present {
			return fmt.Sprintf("%s came where %s belongs", found, task)
		}
		return task + " came in another order"
	case events.KindStatus:
		why := ""
		if e := d.Found.Event; e != nil && e.Status.Failed() && d.Found.Error != "" {
			why = ": " + name(d.Found.Error)
		}
		return fmt.Sprintf("%s has status %s, not %s%s", task, found, expected, why)
	case events.KindCost:
		return fmt.Sprintf("%s has %s %s, not %s", task, strings.TrimPrefix(pointer, "/"), found, expected)
	case events.KindError:
		if what := change(d, shortText); what != "" {
			return task + " has error " + what
		}
		return task + " has another error text"
	case events.KindMissing:
		return task + " is missing"
	case events.KindExtra:
		return task + " has one event too many"
	case events.KindMeta:
		return task + " has " + inTree(d, "another meta", "/meta")
	case events.KindValue:
		return task + " returned " + inTree(d, "another value", "/value")
	case events.KindEffect:
		return task + " asked for another effect: " + inTree(d, "another one", "")
	case events.KindInterference:
		return task + ": " + inTree(d, "another value", "")
	case events.KindType:
		verb := "has"
		if strings.HasPrefix(d.Pointer, "/value") {
			verb = "returned"
		}
		expected, found := typed(&d.Expected), typed(&d.Found)
		if expected == "" || found == "" {
			return fmt.Sprintf("%s %s another type at %s", task, verb, pointer)
		}
		return fmt.Sprintf("%s %s %s, not %s, at %s", task, verb, found, expected, pointer)
	}
	return fmt.Sprintf("%s of %s at %s", name(string(d.Kind)), task, pointer)
}

// inTree says what became of a part of a meta or of a value.
func inTree(d *events.Divergence, another, whole string) string {
	what, comma := change(d, shortScalar), ","
	switch {
	case !d.Found.Present:
		return "no " + name(d.Pointer)
	case !d.Expected.Present:
		return "an additional " + name(d.Pointer)
	case what == "":
		what, comma = another, ""
	}
	if d.Pointer == whole || d.Pointer == "" {
		return what
	}
	return what + comma + " at " + name(d.Pointer)
}

// The most columns of what is quoted in a headline. Any float fits.
const (
	shortScalar = 24
	shortText   = 60
)

// change says what was found and what was expected, or nothing if either takes more
// columns than that.
func change(d *events.Divergence, columns int) string {
	expected, found := clean(d.Expected.Canonical), clean(d.Found.Canonical)
	if max(width(expected), width(found)) > columns {
		return ""
	}
	return found + ", not " + expected
}

// scalar is what stands at the pointer; a string without its quotes.
func scalar(s *events.Side) string {
	if text, ok := canon.Value(s.Canonical).Text(); ok {
		return name(text)
	}
	return name(s.Canonical)
}

// typed is what stands at the pointer with its type, or the type alone of what is
// long; "" if that is not known, as it was cut.
func typed(s *events.Side) string {
	kind, text := canon.Value(s.Canonical).Kind(), clean(s.Canonical)
	switch {
	case kind == canon.Invalid:
		return ""
	case kind == canon.KindNull:
		return text
	case kind == canon.Array || kind == canon.Object || width(text) > shortScalar:
		return article(kind) + " " + kind.String()
	}
	return "the " + kind.String() + " " + text
}

func article(k canon.Kind) string {
	switch k {
	case canon.Array, canon.Int, canon.Object:
		return "an"
	}
	return "a"
}
