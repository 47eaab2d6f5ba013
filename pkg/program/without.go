package program

import (
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/events"
)

// Without returns the definition without these tasks, which must be of its shadow lane. Of
// what is left the definition says the same.
func (d *Definition) Without(shadow []string) (*Definition, error) {
	left := *d
	left.Tasks = slices.Clone(d.Tasks)
	for _, name := range shadow {
		i := slices.IndexFunc(left.Tasks, func(t Task) bool { return t.Name == name })
		if i < 0 || left.Tasks[i].Lane != events.Shadow {
			return nil, &Error{Msg: fmt.Sprintf("the pipeline has no task %.80q in the shadow lane to leave out", name)}
		}
		left.Tasks = slices.Delete(left.Tasks, i, i+1)
	}
	if len(left.Tasks) == 0 {
		return nil, &Error{Msg: "without its shadow lane the pipeline has no tasks"}
	}
	return &left, nil
}

// Shadow are the names of the tasks of the shadow lane, ascending.
func (d *Definition) Shadow() (names []string) {
	for i := range d.Tasks {
		if d.Tasks[i].Lane == events.Shadow {
			names = append(names, d.Tasks[i].Name)
		}
	}
	slices.Sort(names)
	return names
}
