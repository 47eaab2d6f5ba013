package program

import (
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/vary"
)

// Variations are what can be varied for tasks of a kind: all for processes, and for tasks
// that run within ERS what is of its own doing.
func Variations(kind string) []vary.Name {
	switch kind {
	case KindExec:
		return vary.All
	case KindGo:
		return []vary.Name{vary.GC, vary.Order, vary.Alone}
	}
	return []vary.Name{vary.Order, vary.Alone}
}

// checkKind finds what in the definition is not of its kind.
func (d *Definition) checkKind(c checker) {
	switch d.Kind {
	case KindStarlark, KindExec:
		if d.Module != "" {
			c.fault("/module", "module is for tasks in Go, and the kind is %s", d.Kind)
		}
	case KindGo:
		if d.Module == "" {
			c.fault("/module", "module is missing: want the path of the program's main package")
		}
	default:
		c.fault("/kind", "unknown kind %q: want %s, %s or %s", d.Kind, KindStarlark, KindExec, KindGo)
		return
	}
	if d.Kind != KindExec && len(d.Workers) > 0 {
		f := c.fault("/workers", "workers are for tasks of kind %s, and the kind is %s", KindExec, d.Kind)
		f.Depends = "/tasks"
		return
	}
	used := make(map[string]bool)
	for i := range d.Tasks {
		d.checkFunction(&d.Tasks[i], c.in(TaskPointer(i)))
		used[d.Tasks[i].Worker] = true
	}
	d.checkWorkers(used, c)
}

// checkFunction makes sure that a task has the one function that the kind wants.
func (d *Definition) checkFunction(t *Task, c checker) {
	given := 0
	for _, there := range []bool{t.Starlark != nil, t.Worker != "", t.Command != nil} {
		if there {
			given++
		}
	}
	switch {
	case d.Kind == KindStarlark && (given != 1 || t.Starlark == nil):
		c.fault("", "the task %q needs starlark, and nothing else that it runs", t.Name)
	case d.Kind == KindExec && (given != 1 || t.Starlark != nil):
		c.fault("", "the task %q needs either worker or command: tasks in Starlark make a pipeline of their own", t.Name)
	case d.Kind == KindGo && given != 0:
		c.fault("", "the task %q is in Go: it has neither starlark nor worker nor command", t.Name)
	}
	named := func(w Worker) bool { return w.Name == t.Worker }
	if t.Worker != "" && !slices.ContainsFunc(d.Workers, named) {
		f := c.fault("/worker", "there is no worker %q: %s", t.Worker, d.workersToWant(t.Worker))
		f.Depends = "/workers"
	}
}

func (d *Definition) workersToWant(missing string) string {
	if len(d.Workers) == 0 {
		return fmt.Sprintf("add it, as in workers: {%s: {command: [python3, tasks.py]}}", missing)
	}
	var names []string
	for _, w := range d.Workers {
		names = append(names, w.Name)
	}
	return "want one of " + strings.Join(names, ", ")
}

func (d *Definition) checkWorkers(used map[string]bool, c checker) {
	for i := range d.Workers {
		w := &d.Workers[i]
		pointer := "/workers/" + w.Name
		switch {
		case i > 0 && d.Workers[i-1].Name >= w.Name:
			c.fault(pointer, "worker %q must stand before %q, and once", w.Name, d.Workers[i-1].Name)
		case !used[w.Name]:
			f := c.fault(pointer, "no task is of worker %q: name it in a task, or leave it out", w.Name)
			f.Depends = "/tasks"
		}
		w.check(c.in(pointer))
	}
}
