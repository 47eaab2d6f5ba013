package program

import (
	"fmt"
	"slices"
)

// Declared is a list of tasks and who has declared it, as in "the definition".
type Declared struct {
	By    string
	Tasks []Task
}

// Differ tells of the first task in which two declarations are not the same; "" is none.
// The order of the lists means nothing, nor do rules, which are the pipeline's.
func Differ(a, b Declared) string {
	for i := range a.Tasks {
		t := &a.Tasks[i]
		j := slices.IndexFunc(b.Tasks, func(other Task) bool { return other.Name == t.Name })
		if j < 0 {
			return fmt.Sprintf("task %q is in %s, and not in %s", t.Name, a.By, b.By)
		}
		if what, one, other := t.differ(&b.Tasks[j]); what != "" {
			return fmt.Sprintf("the %s of task %q is %s in %s, and %s in %s", what, t.Name, one, a.By, other, b.By)
		}
	}
	for i := range b.Tasks {
		name := b.Tasks[i].Name
		if !slices.ContainsFunc(a.Tasks, func(t Task) bool { return t.Name == name }) {
			return fmt.Sprintf("task %q is in %s, and not in %s", name, b.By, a.By)
		}
	}
	return ""
}

// differ returns what of two tasks of a name is not the same, on both sides.
func (t *Task) differ(o *Task) (what, one, other string) {
	switch {
	case t.Lane != o.Lane:
		return "lane", t.Lane.String(), o.Lane.String()
	case t.Priority != o.Priority:
		return "priority", fmt.Sprint(t.Priority), fmt.Sprint(o.Priority)
	case t.Cost != o.Cost:
		const cost = "%d ops and %d entropy"
		return "cost", fmt.Sprintf(cost, t.Cost.Ops, t.Cost.Entropy), fmt.Sprintf(cost, o.Cost.Ops, o.Cost.Entropy)
	case !slices.Equal(t.Tags, o.Tags):
		return "list of tags", fmt.Sprintf("%q", t.Tags), fmt.Sprintf("%q", o.Tags)
	}
	return "", "", ""
}
