package pipeline

import (
	"slices"

	"abraxas.dev/ers/pkg/program"
)

// Own is the pipeline that a program in Go has by itself. A pipeline file changes what it
// says of it, and leaves the rest as it is.
type Own struct {
	File
	Named bool // by its author; else the file may give another name
}

// LoadOwn reads a pipeline file for a program in Go, of which every key may be left out.
// Tasks that the file lists must be the program's, all of them. Errors are as of [Load].
func LoadOwn(path string, own *Own) (*File, error) {
	return loadFile(path, func(l *loader) { l.own = own })
}

// over reads a pipeline file that changes the program's own pipeline.
func (l *loader) over(root *node) *File {
	const what = "the pipeline of a Go program"
	l.fields(root, what, "name", "runs", "ticks", "first_tick", "budget", "budgets", "variations", "shadow_check", "spread", "context", "contexts", "tasks")
	f := l.own.File
	d := *f.Definition
	f.Definition = &d
	if name := root.get("name"); name != nil {
		text := l.text(name, "name")
		if l.own.Named && text != d.Name {
			l.wrong(name, "the pipeline has the name %q here, and %q in the program: make them the same, or leave the name out here", text, d.Name)
		}
		d.Name = text
	}
	l.budgetsOf(root, &f)
	d.Tasks = l.ownTasks(root, d.Tasks)
	if root.get("context") != nil || root.get("contexts") != nil {
		if f.Contexts = l.contextsOf(root); f.Contexts != nil {
			f.Ticks = int64(f.Contexts.Len())
		}
	}
	f.Dir, f.Taken = l.dir, l.taken
	l.numbers(root, &f)
	f.Variations = l.variations(root.get("variations"), d.Kind)
	f.Shadow = l.boolean(root.get("shadow_check"), "shadow_check", f.Shadow)
	f.Spread = l.boolean(root.get("spread"), "spread", f.Spread)
	return &f
}

// ownTasks makes sure that the tasks of the file are those of the program, and takes over
// what rules it has.
func (l *loader) ownTasks(root *node, own []program.Task) []program.Task {
	n := root.get("tasks")
	if n == nil {
		return own
	}
	before := len(l.found)
	listed := program.Definition{Schema: program.DefinitionSchema, Name: "listed", Kind: program.KindGo, Module: "listed"}
	for i, item := range l.list(n, "tasks", "a list of tasks, or leave them out: the program has them") {
		listed.Tasks = append(listed.Tasks, l.declaration(item, i, "ignore", "round"))
	}
	for _, fault := range listed.Faults() {
		if !l.known(root, fault.Pointer) {
			l.add(l.place(root, fault))
		}
	}
	if len(l.found) > before {
		return own
	}
	if fault := program.Differ(program.Declared{By: "this file", Tasks: listed.Tasks}, program.Declared{By: "the program", Tasks: own}); fault != "" {
		l.wrong(n, "%s", fault)
	}
	kept := slices.Clone(own)
	for i := range kept {
		for j, declared := range listed.Tasks {
			if item := n.items[j]; declared.Name == kept[i].Name && (item.get("ignore") != nil || item.get("round") != nil) {
				kept[i].Rules = declared.Rules
			}
		}
	}
	return kept
}
