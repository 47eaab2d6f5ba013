package compare

import (
	"bytes"
	"errors"
	"fmt"
	"maps"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// place is where two ticks first differ, and in what.
type place struct {
	kind            events.DivergenceKind
	index           int
	task            string
	pointer         string
	expected, found canon.Value // what stands at the pointer; "" is nothing
}

// firstDifference returns the first index at which two ticks differ in the event or
// in what its task returned, or -1. An index that only one of them has counts.
func firstDifference(a, b *events.Tick) int {
	both := min(len(a.Events), len(b.Events))
	for i := range both {
		if a.Events[i] != b.Events[i] || a.Results[i].Value != b.Results[i].Value || a.Results[i].Error != b.Results[i].Error {
			return i
		}
	}
	if len(a.Events) != len(b.Events) {
		return both
	}
	return -1
}

// whole returns the object that pointers lead into: the canonical event with the
// error and the value of its canonical result added.
func whole(t *events.Tick, i int) (canon.Value, error) {
	event, err := events.AppendEvent(nil, &t.Events[i])
	if err != nil {
		return "", err
	}
	result, err := events.AppendResult(nil, &t.Results[i])
	if err != nil {
		return "", err
	}
	returned := maps.Collect(canon.Value(result).Members())
	head, tail, _ := bytes.Cut(event, []byte(`,"lane":`))
	return canon.Value(fmt.Sprintf(`%s,"error":%s,"lane":%s,"value":%s}`, head, returned["error"], tail[:len(tail)-1], returned["value"])), nil
}

// fields are the members of an event in the order in which a difference in them is
// the one to name: a cause before what follows from it.
var fields = [...]struct {
	name string
	kind events.DivergenceKind
}{
	{"task", events.KindOrder},
	{"lane", events.KindOrder},
	{"status", events.KindStatus},
	{"cost_ops", events.KindCost},
	{"cost_entropy", events.KindCost},
	{"meta", events.KindMeta},
	{"value", events.KindValue},
	{"error", events.KindError},
}

// errEqual is the error for ticks that do not differ. Their hashes were checked, so
// that it cannot be; if it is, no verdict may be built on it.
var errEqual = errors.New("their events and results do not differ")

// classify says where a, the reference, and b first differ, and in what.
func classify(a, b *events.Tick) (place, error) {
	i := firstDifference(a, b)
	if i < 0 {
		return place{}, errEqual
	}
	if p, ok, err := surplus(a, b, i); ok || err != nil {
		return p, err
	}
	expected, err := whole(a, i)
	if err != nil {
		return place{}, err
	}
	found, err := whole(b, i)
	if err != nil {
		return place{}, err
	}
	expectedMembers, foundMembers := maps.Collect(expected.Members()), maps.Collect(found.Members())
	for _, f := range fields {
		from, to := expectedMembers[f.name], foundMembers[f.name]
		if from == to {
			continue
		}
		p := place{kind: f.kind, index: i, task: a.Events[i].Task}
		p.pointer, p.expected, p.found = canon.FirstDifference("/"+f.name, from, to, events.MaxPointer)
		if f.kind == events.KindMeta || f.kind == events.KindValue {
			if p.expected != "" && p.found != "" && p.expected.Kind() != p.found.Kind() {
				p.kind = events.KindType
			}
		}
		return p, nil
	}
	return place{}, errEqual
}

// surplus tells whether the event at index i is one too many in b, or missing there:
// whether the rest of one tick has its task more often than the rest of the other.
func surplus(a, b *events.Tick, i int) (p place, ok bool, err error) {
	restA, restB := a.Events[i:], b.Events[i:]
	if len(restA) > 0 && len(restB) > 0 && restA[0].Task == restB[0].Task {
		return place{}, false, nil
	}
	if len(restB) > 0 {
		if task := restB[0].Task; count(restB, task) > count(restA, task) {
			p = place{kind: events.KindExtra, index: i, task: task}
			p.found, err = whole(b, i)
			return p, true, err
		}
	}
	if len(restA) > 0 {
		if task := restA[0].Task; count(restA, task) > count(restB, task) {
			p = place{kind: events.KindMissing, index: i, task: task}
			p.expected, err = whole(a, i)
			return p, true, err
		}
	}
	return place{}, false, nil
}

func count(list []events.TraceEvent, task string) (n int) {
	for i := range list {
		if list[i].Task == task {
			n++
		}
	}
	return n
}
