package report

import (
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// betweenRuns is a difference that a run met by itself, of the record and of what was done
// again, in the form of one between two runs: so that it is told in the same words.
func betweenRuns(own *events.Divergence) *events.Divergence {
	d := *own
	x, y := canon.Value(d.Expected.Canonical), canon.Value(d.Found.Canonical)
	if d.Pointer == "" && x.Kind() == canon.Object && y.Kind() == canon.Object && x.IsCanonical() && y.IsCanonical() && x != y {
		// One of the two has nothing at the place, and so both are the whole event.
		if was, is := memberOf(x, "task"), memberOf(y, "task"); was != is {
			d.Pointer, x, y = "/task", was, is
		} else {
			d.Pointer, x, y = canon.FirstDifference("", x, y, events.MaxPointer)
		}
		d.Expected.Canonical, d.Expected.Present = string(x), x != ""
		d.Found.Canonical, d.Found.Present = string(y), y != ""
	}
	d.Kind = kindAt(&d)
	if was, ok := canon.Value(d.Expected.Canonical).Text(); ok && d.Pointer == "/task" {
		d.Task = was
	}
	return &d
}

// memberOf is the value of a member of an object, "" where there is none.
func memberOf(object canon.Value, name string) canon.Value {
	for key, v := range object.Members() {
		if key == name {
			return v
		}
	}
	return ""
}

// kindAt is the kind of a difference between two runs at a pointer.
func kindAt(d *events.Divergence) events.DivergenceKind {
	x, y := canon.Value(d.Expected.Canonical), canon.Value(d.Found.Canonical)
	field, _, _ := strings.Cut(strings.TrimPrefix(d.Pointer, "/"), "/")
	switch {
	case d.Pointer == "" && x == canon.Null:
		return events.KindExtra
	case d.Pointer == "" && y == canon.Null:
		return events.KindMissing
	case field == "task" || field == "lane":
		return events.KindOrder
	case field == "status":
		return events.KindStatus
	case strings.HasPrefix(field, "cost_"):
		return events.KindCost
	case field == "error":
		return events.KindError
	case d.Expected.Present && d.Found.Present && d.Pointer != "" && x.Kind() != y.Kind():
		return events.KindType
	case field == "meta":
		return events.KindMeta
	}
	return events.KindValue
}

// ownFields are the task and what differs, of a difference that a run met by itself.
func ownFields(d *events.Divergence) []field {
	if d.Kind == events.KindRestart {
		d = betweenRuns(d)
	}
	differs := ownField(d)
	if d.Pointer == "/task" {
		return []field{differs}
	}
	return []field{{"task", clean(d.Task), clean(d.Task), false, false}, differs}
}

func ownField(d *events.Divergence) field {
	if d.Content != nil {
		return contentField(d)
	}
	f := field{strings.TrimPrefix(d.Pointer, "/"), sideText(&d.Expected), sideText(&d.Found), true, d.Expected.Present && d.Found.Present}
	switch {
	case d.Kind == events.KindExtra:
		f.name, f.expected, f.pointed = "event", "(no event)", false
	case d.Kind == events.KindMissing:
		f.name, f.found, f.pointed = "event", "(no event)", false
	case d.Pointer == "":
		f.name = "event"
	case d.Kind == events.KindMeta || d.Kind == events.KindValue || d.Kind == events.KindType || d.Kind == events.KindError:
		f.name = d.Pointer
	case d.Kind == events.KindStatus || d.Kind == events.KindOrder: // as in a line of events, without quotes
		f.expected, f.found = scalar(&d.Expected), scalar(&d.Found)
	}
	f.name = clean(f.name)
	return f
}
