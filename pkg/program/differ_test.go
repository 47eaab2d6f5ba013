package program

import (
	"testing"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/rules"
)

func TestDiffer(t *testing.T) {
	a := Task{Name: "a", Priority: 1, Cost: events.Budget{Ops: 2, Entropy: 3}, Tags: []string{"x"}, Rules: []rules.Rule{{Where: rules.Value}}}
	b := Task{Name: "b"}
	with := func(change func(*Task)) []Task {
		c := a
		change(&c)
		return []Task{b, c}
	}
	for _, test := range []struct {
		other []Task
		want  string
	}{
		{with(func(*Task) {}), ""},
		{with(func(t *Task) { t.Rules = nil }), ""},
		{with(func(t *Task) { t.Lane = events.Shadow }), `the lane of task "a" is forecast in the file, and shadow in the program`},
		{with(func(t *Task) { t.Priority = -1 }), `the priority of task "a" is 1 in the file, and -1 in the program`},
		{with(func(t *Task) { t.Cost.Entropy = 0 }), `the cost of task "a" is 2 ops and 3 entropy in the file, and 2 ops and 0 entropy in the program`},
		{with(func(t *Task) { t.Tags = []string{"y"} }), `the list of tags of task "a" is ["x"] in the file, and ["y"] in the program`},
		{[]Task{a}, `task "b" is in the file, and not in the program`},
		{[]Task{b, a, {Name: "c"}}, `task "c" is in the program, and not in the file`},
	} {
		if got := Differ(Declared{"the file", []Task{a, b}}, Declared{"the program", test.other}); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}
