package report

import (
	"fmt"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// Headline says in one line, without the outcome itself, what a verdict is: which
// runs differ, where, and in what; or why they could not be judged.
func Headline(v *events.Verdict) string {
	drill := ""
	if v.Drill != nil {
		drill = "drill: "
	}
	switch {
	case v.Outcome == events.Pass && v.Drill != nil:
		return drill + fmt.Sprintf("all %d runs are equal: the difference made on purpose was not seen", v.Runs)
	case v.Outcome == events.Pass:
		return fmt.Sprintf("all %d runs are equal to the byte", v.Runs)
	case v.Divergence != nil && v.Divergence.Kind == events.KindLatch:
		return drill + fmt.Sprintf("all %d runs are equal, but their trace hash is %s, not the accepted %s", v.Runs, short(v.ExpectedHash), short(v.Latch))
	case v.Divergence != nil:
		return drill + fmt.Sprintf("%s at tick %d: %s", whichRuns(v), v.Divergence.Tick, whatDiffers(v.Divergence))
	case len(v.Problems) == 1:
		return drill + fmt.Sprintf("run %d could not be judged: %s", v.Problems[0].Run, name(v.Problems[0].Reason))
	case len(v.Problems) > 1:
		return drill + fmt.Sprintf("%d of %d runs could not be judged, the first is run %d: %s", len(v.Problems), v.Runs, v.Problems[0].Run, name(v.Problems[0].Reason))
	}
	return drill + fmt.Sprintf("the verdict on %d runs gives no reason", v.Runs)
}

// whichRuns says which runs differ from which others. With more than two groups it
// names those that part first.
func whichRuns(v *events.Verdict) string {
	d := v.Divergence
	if len(v.Groups) < 2 {
		return runs(d.Runs) + " " + differ(d.Runs)
	}
	reference := v.Groups[0].Runs
	pair := fmt.Sprintf("%s %s from %s", runs(d.Runs), differ(d.Runs), runs(reference))
	switch {
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

// whatDiffers says which task differs, and in which field.
func whatDiffers(d *events.Divergence) string {
	task, pointer := name(d.Task), name(d.Pointer)
	expected, found := scalar(&d.Expected), scalar(&d.Found)
	switch d.Kind {
	case events.KindOrder:
		if d.Pointer == "/lane" {
			return fmt.Sprintf("%s ran in lane %s, not %s", task, found, expected)
		}
		if d.Found.Event != nil {
			return fmt.Sprintf("%s came where %s belongs", name(d.Found.Event.Task), task)
		}
		return task + " came in another order"
	case events.KindStatus:
		return fmt.Sprintf("%s has status %s, not %s", task, found, expected)
	case events.KindCost:
		return fmt.Sprintf("%s has %s %s, not %s", task, strings.TrimPrefix(pointer, "/"), found, expected)
	case events.KindError:
		return task + " failed with another text"
	case events.KindMissing:
		return task + " is missing"
	case events.KindExtra:
		return "one event of " + task + " too many"
	case events.KindMeta:
		return task + " has " + inTree(d, "another meta", "/meta")
	case events.KindValue:
		return task + " returned " + inTree(d, "another value", "/value")
	case events.KindType:
		verb := "has"
		if strings.HasPrefix(d.Pointer, "/value") {
			verb = "returned"
		}
		from, to := canon.Value(d.Expected.Canonical).Kind(), canon.Value(d.Found.Canonical).Kind()
		if from == canon.Invalid || to == canon.Invalid { // cut, as it was too long
			return fmt.Sprintf("%s %s another type at %s", task, verb, pointer)
		}
		return fmt.Sprintf("%s %s %s, not %s, at %s", task, verb, article(to), article(from), pointer)
	}
	return fmt.Sprintf("%s of %s at %s", name(string(d.Kind)), task, pointer)
}

// inTree says what became of a part of a meta or of a value.
func inTree(d *events.Divergence, another, whole string) string {
	switch {
	case !d.Found.Present:
		return "no " + name(d.Pointer)
	case !d.Expected.Present:
		return "an additional " + name(d.Pointer)
	case d.Pointer == whole:
		return another
	}
	return another + " at " + name(d.Pointer)
}

// scalar is what stands at the pointer; a string without its quotes.
func scalar(s *events.Side) string {
	if text, ok := canon.Value(s.Canonical).Text(); ok {
		return name(text)
	}
	return name(s.Canonical)
}

// article puts a kind into a sentence.
func article(k canon.Kind) string {
	switch k {
	case canon.KindNull:
		return "null"
	case canon.Array, canon.Int, canon.Object:
		return "an " + k.String()
	}
	return "a " + k.String()
}
