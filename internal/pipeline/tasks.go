package pipeline

import (
	"path/filepath"
	"strconv"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/rules"
)

// tasks reads the tasks, and workers that they are of.
func (l *loader) tasks(root *node, d *program.Definition) {
	d.Workers = l.workers(root.get("workers"))
	d.Kind = program.KindStarlark
	n := l.need(root, "the pipeline", "tasks", "a list of tasks; a file without them is for a Go program, which reads it with -f")
	if n != nil && n.kind == canon.Object {
		d.Kind = program.KindExec
		d.Tasks = l.declared(n, d.Workers)
		return
	}
	for i, item := range l.list(n, "tasks", "a list of tasks, or {from: WORKER}") {
		d.Tasks = append(d.Tasks, l.task(item, i))
		if item.get("worker") != nil || item.get("command") != nil {
			d.Kind = program.KindExec
		}
	}
}

func (l *loader) task(n *node, i int) program.Task {
	t := l.declaration(n, i, "steps", "starlark", "starlark_file", "worker", "command", "ignore", "round")
	l.function(n, taskName(i), &t)
	return t
}

func taskName(i int) string { return "task " + strconv.Itoa(i+1) }

// declaration reads what is said of a task whatever it runs. more are the keys beside.
func (l *loader) declaration(n *node, i int, more ...string) program.Task {
	what := taskName(i)
	l.fields(n, what, append([]string{"name", "lane", "priority", "cost", "tags"}, more...)...)
	t := program.Task{
		Name:     l.text(l.need(n, what, "name", "one that no other task has"), "the name of "+what),
		Lane:     l.lane(l.need(n, what, "lane", "forecast or shadow")),
		Priority: l.integer(n.get("priority"), "priority", 0),
		Cost:     l.budget(n.get("cost"), "cost", false),
		Tags:     []string{},
		Rules:    append(l.rules(n.get("ignore"), "ignore", rules.ParseIgnore), l.rules(n.get("round"), "round", rules.ParseRound)...),
	}
	for _, tag := range l.list(n.get("tags"), "tags", "a list of strings") {
		t.Tags = append(t.Tags, l.text(tag, "a tag"))
	}
	return t
}

// rules reads what may differ in a task's value. A list with a bad rule is bad.
func (l *loader) rules(n *node, what string, parse func(string) (rules.Rule, error)) (list []rules.Rule) {
	for _, item := range l.list(n, what, "a list of rules") {
		text := l.text(item, "a rule of "+what)
		if !item.bad {
			r, err := parse(text)
			if err != nil {
				l.wrong(item, "%v", err)
			}
			list = append(list, r)
		}
		n.bad = n.bad || item.bad
	}
	return list
}

// function is what a task misses of which it is not known what it runs.
const function = "a function"

// function reads what a task runs.
func (l *loader) function(n *node, what string, t *program.Task) {
	defer func(before int) {
		if len(l.found) > before {
			n.miss(function)
		}
	}(len(l.found))
	worker, command := n.get("worker"), n.get("command")
	if worker == nil && command == nil {
		t.Starlark = l.starlark(n, what, t.Name)
		return
	}
	for _, other := range []string{"starlark", "starlark_file", "steps"} {
		if m := n.get(other); m != nil {
			l.wrong(m, "%s has %s beside a worker or a command: keep one", what, other)
		}
	}
	if worker != nil && command != nil {
		l.wrong(command, "%s has both worker and command: keep one", what)
	}
	t.Worker, t.Command = l.text(worker, "worker"), l.command(command, what)
	if worker != nil && t.Worker == "" {
		l.wrong(worker, "worker is empty: name one of the workers")
	}
}

func (l *loader) lane(n *node) events.Lane {
	text := l.text(n, "lane")
	if n == nil || n.bad {
		return 0
	}
	lane, err := events.ParseLane(text)
	if err != nil {
		l.wrong(n, "%v", err)
	}
	return lane
}

// starlark returns the code of a task.
func (l *loader) starlark(n *node, what, task string) *program.Starlark {
	code := &program.Starlark{File: task, Steps: l.integer(n.get("steps"), "steps", program.DefaultSteps)}
	inline, named := n.get("starlark"), n.get("starlark_file")
	switch {
	case inline != nil && named != nil:
		inline.bad = true
		l.wrong(named, "%s has both starlark and starlark_file: keep one", what)
	case inline != nil:
		code.Source = l.text(inline, "starlark")
	case named != nil:
		path := l.path(named, "starlark_file")
		code.File = filepath.Base(path)
		if !named.bad {
			text, err := l.read(path, maxStarlarkFile)
			l.inFile(named, err)
			l.take(path, int64(len(text)))
			code.Source = text
		}
	default:
		for _, key := range []string{"starlark", "starlark_file", "worker", "command"} {
			if n.missing[key] { // a mistyped key is found already
				n.miss(function)
			}
		}
		if !n.bad && !n.missing[function] {
			l.fail(n.spot, "%s has nothing to run: add starlark: | and a function run(ctx), or starlark_file, worker or command", what)
		}
		n.miss("starlark")
	}
	return code
}
