package pipeline

import (
	"errors"
	"math"
	"path/filepath"
	"strconv"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/rules"
	"abraxas.dev/ers/pkg/vary"
)

// Declare asks a worker which tasks it has. contents are those of its files, by SHA-256.
type Declare func(w *program.Worker, contents map[string]Content) ([]program.Task, error)

// Load reads a pipeline file and the files that it names. Every error is a [*Mistakes]
// with all that is wrong and where, and a [program.ErrInvalid].
func Load(path string) (*File, error) { return LoadWith(path, nil) }

// LoadWith is Load for a file whose tasks may be those that a worker says it has.
func LoadWith(path string, declare Declare) (*File, error) {
	return loadFile(path, func(l *loader) { l.declare = declare })
}

// loadFile is Load with a loader that is set up in some way.
func loadFile(path string, set func(*loader)) (*File, error) {
	text, err := readText(path, maxPipelineFile)
	if e, ok := errors.AsType[*program.Error](err); ok {
		return nil, mistakesOf(path, []*program.Error{e})
	}
	return load(path, text, readText, set)
}

func load(path, text string, read readFile, set func(*loader)) (*File, error) {
	l := loader{reader: reader{&log{file: path}}, dir: filepath.Dir(path), read: read, content: text, contents: make(map[string]Content)}
	if set != nil {
		set(&l)
	}
	if root := parseYAML(l.log, text); root != nil {
		f := l.pipeline(root)
		l.check(root, f)
		if len(l.found) == 0 {
			return f, nil
		}
	}
	return nil, mistakesOf(path, l.found)
}

// loader reads the parts of a pipeline file, in the types that they must have. What
// the values must be is checked after it.
type loader struct {
	reader
	dir     string
	read    readFile
	content string // of the file

	declare  Declare
	own      *Own               // the pipeline that the file changes; nil: none
	contents map[string]Content // that the definition names, by SHA-256
	taken    []Taken
}

func (l *loader) pipeline(root *node) *File {
	if l.own != nil {
		return l.over(root)
	}
	const what = "the pipeline"
	l.fields(root, what, "name", "runs", "ticks", "first_tick", "budget", "budgets", "variations", "shadow_check", "spread", "context", "contexts", "workers", "tasks")
	f := &File{Definition: &program.Definition{
		Schema: program.DefinitionSchema,
		Name:   l.text(l.need(root, what, "name", "one of A-Z a-z 0-9 _ -"), "name"),
	}}
	if root.get("budgets") == nil && !root.missing["budgets"] {
		l.need(root, what, "budget", "budget: {forecast: {ops: …, entropy: …}, shadow: {ops: …, entropy: …}}, or budgets with several of them by name")
	}
	l.budgetsOf(root, f)
	l.tasks(root, f.Definition)
	f.Contexts, f.Contents, f.Dir = l.contextsOf(root), l.contents, l.dir
	f.Taken = l.taken
	f.Runs, f.Ticks = DefaultRuns, 1
	if f.Contexts != nil {
		f.Ticks = int64(f.Contexts.Len())
	}
	l.numbers(root, f)
	f.Variations = l.variations(root.get("variations"), f.Definition.Kind)
	f.Shadow = l.boolean(root.get("shadow_check"), "shadow_check", f.Shadow)
	f.Spread = l.boolean(root.get("spread"), "spread", f.Spread)
	return f
}

// variations reads a list of names, or the word for all or none.
func (l *loader) variations(n *node, kind string) []vary.Name {
	if n == nil {
		return nil
	}
	var list []string
	if n.kind == canon.Array {
		list = l.texts(n, "variations")
	} else {
		list = []string{l.text(n, "variations")}
	}
	names, err := vary.List(list, program.Variations(kind))
	if err != nil {
		l.wrong(n, "variations: %v", err)
	}
	return names
}

// numbers reads how many runs and ticks; what is left out stays as it is.
func (l *loader) numbers(root *node, f *File) {
	f.Runs = int(max(math.MinInt, min(math.MaxInt, l.integer(root.get("runs"), "runs", int64(f.Runs)))))
	f.FirstTick = l.integer(root.get("first_tick"), "first_tick", f.FirstTick)
	f.Ticks = l.integer(root.get("ticks"), "ticks", f.Ticks)
}

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

// inFile reports a mistake in a file that n names. One that concerns the whole file is of
// the place that names it.
func (l *loader) inFile(n *node, err error) {
	e, ok := errors.AsType[*program.Error](err)
	switch {
	case err == nil:
	case ok && e.Line > 0:
		n.bad = true
		l.add(e)
	default:
		l.wrong(n, "%v", err)
	}
}

// path returns the path of a file that n names; "" for nil.
func (l *loader) path(n *node, what string) string {
	if n == nil {
		return ""
	}
	path := l.text(n, what)
	if path == "" {
		l.wrong(n, "%s is empty: name a file", what)
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(l.dir, filepath.FromSlash(path))
}

// contextsOf reads the contexts of the file, nil after a mistake.
func (l *loader) contextsOf(root *node) *program.Contexts {
	one, many := root.get("context"), root.get("contexts")
	before := len(l.found)
	var values []canon.Value
	switch {
	case one != nil && many != nil:
		l.wrong(many, "there are both context and contexts: keep one")
	case one != nil:
		values = append(values, l.context(one, "context"))
	case many == nil:
		values = append(values, "{}")
	case many.kind == canon.Object:
		return l.contextsFile(many)
	default:
		items := l.list(many, "contexts", "a list of objects, {file: …} or {text: …}")
		if len(items) == 0 {
			l.wrong(many, "contexts is empty: want at least one object")
		}
		for i, item := range items {
			values = append(values, l.context(item, "context "+strconv.Itoa(i+1)))
		}
	}
	if len(l.found) > before || len(values) == 0 {
		return nil
	}
	contexts, err := program.NewContexts(values...)
	if err != nil {
		l.fail(root.spot, "%v", err)
	}
	return contexts
}

func (l *loader) context(n *node, what string) canon.Value {
	if n.kind != canon.Object {
		l.mismatch(n, what, "an object")
		return "{}"
	}
	v, err := canon.Of(n.plain())
	if err != nil {
		l.wrong(n, "%s: %v", what, err)
	}
	return v
}

func (l *loader) contextsFile(n *node) *program.Contexts {
	before := len(l.found)
	l.fields(n, "contexts", "file", "text")
	if len(l.found) > before {
		return nil
	}
	if len(n.members) != 1 {
		l.wrong(n, "contexts must be a list, or name one file: {file: …} or {text: …}")
		return nil
	}
	from := n.members[0]
	path := l.path(from.value, from.key+" of contexts")
	if from.value.bad {
		return nil
	}
	read := func(path string, limit int) (string, error) {
		text, err := l.read(path, limit)
		l.take(path, int64(len(text)))
		return text, err
	}
	make := lineContexts
	if from.key == "text" {
		make = textContexts
	}
	c, err := make(read, path)
	l.inFile(from.value, err)
	return c
}
