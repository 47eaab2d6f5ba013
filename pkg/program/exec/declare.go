package exec

import (
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/worker"
)

// same tells in what a task of a definition is not what its worker declares.
func same(t *program.Task, declared []worker.Task) error {
	i := slices.IndexFunc(declared, func(d worker.Task) bool { return d.Name == t.Name })
	if i < 0 {
		return fmt.Errorf("it does not declare the task %q", t.Name)
	}
	d := &declared[i]
	differs := func(what string, has, says any) error {
		return fmt.Errorf("it declares the task %q with %s %v, and the definition has %v", t.Name, what, says, has)
	}
	switch {
	case d.Lane != t.Lane:
		return differs("lane", t.Lane, d.Lane)
	case d.Priority != t.Priority:
		return differs("priority", t.Priority, d.Priority)
	case d.Cost != t.Cost:
		return differs("cost", t.Cost, d.Cost)
	case !slices.Equal(d.Tags, t.Tags):
		return differs("tags", t.Tags, d.Tags)
	}
	return nil
}

// declared makes tasks of a definition of what a worker declares.
func declared(workerName string, h *worker.Hello) []program.Task {
	var tasks []program.Task
	for _, d := range h.Tasks {
		t := program.Task{Name: d.Name, Lane: d.Lane, Priority: d.Priority, Cost: d.Cost, Tags: d.Tags, Worker: workerName}
		if t.Tags == nil {
			t.Tags = []string{}
		}
		tasks = append(tasks, t)
	}
	return tasks
}
