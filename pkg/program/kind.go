package program

import (
	"fmt"
	"slices"
)

// checkKind returns what in the definition is not of its kind, nil for nothing.
func (d *Definition) checkKind() *Fault {
	switch d.Kind {
	case KindStarlark, KindExec:
		if d.Module != "" {
			return Faultf("/module", "module is for tasks in Go, and the kind is %s", d.Kind)
		}
	case KindGo:
		if d.Module == "" {
			return Faultf("/module", "module is missing: want the path of the program's main package")
		}
	default:
		return Faultf("/kind", "unknown kind %q: want %s, %s or %s", d.Kind, KindStarlark, KindExec, KindGo)
	}
	if d.Kind != KindExec && len(d.Workers) > 0 {
		return Faultf("/workers", "workers are for tasks of kind %s, and the kind is %s", KindExec, d.Kind)
	}
	used := make(map[string]bool)
	for i := range d.Tasks {
		t := &d.Tasks[i]
		if f := d.checkFunction(t); f != nil {
			return f.In(TaskPointer(i))
		}
		used[t.Worker] = true
	}
	return d.checkWorkers(used)
}

// checkFunction makes sure that a task has the one function that the kind wants.
func (d *Definition) checkFunction(t *Task) *Fault {
	given := 0
	for _, there := range []bool{t.Starlark != nil, t.Worker != "", t.Command != nil} {
		if there {
			given++
		}
	}
	switch {
	case d.Kind == KindStarlark && (given != 1 || t.Starlark == nil):
		return Faultf("", "the task %q needs starlark, and nothing else that it runs", t.Name)
	case d.Kind == KindExec && (given != 1 || t.Starlark != nil):
		return Faultf("", "the task %q needs either worker or command: tasks in Starlark make a pipeline of their own", t.Name)
	case d.Kind == KindGo && given != 0:
		return Faultf("", "the task %q is in Go: it has neither starlark nor worker nor command", t.Name)
	}
	named := func(w Worker) bool { return w.Name == t.Worker }
	if t.Worker != "" && !slices.ContainsFunc(d.Workers, named) {
		return Faultf("/worker", "there is no worker %q: want one of %s", t.Worker, d.workerNames())
	}
	return nil
}

func (d *Definition) workerNames() string {
	if len(d.Workers) == 0 {
		return "workers, and there are none: add workers: {" + "NAME: {command: […]}}"
	}
	var names []string
	for _, w := range d.Workers {
		names = append(names, w.Name)
	}
	return fmt.Sprint(names)
}

func (d *Definition) checkWorkers(used map[string]bool) *Fault {
	for i := range d.Workers {
		w := &d.Workers[i]
		pointer := "/workers/" + w.Name
		switch {
		case i > 0 && d.Workers[i-1].Name >= w.Name:
			return Faultf(pointer, "worker %q must stand before %q, and once", w.Name, d.Workers[i-1].Name)
		case !used[w.Name]:
			return Faultf(pointer, "no task is of worker %q: name it in a task, or leave it out", w.Name)
		}
		if f := w.check(); f != nil {
			return f.In(pointer)
		}
	}
	return nil
}
