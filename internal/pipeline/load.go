package pipeline

import (
	"errors"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/starlark"
	"abraxas.dev/ers/pkg/rules"
)

// Declare asks a worker which tasks it has. contents are those of its files, by SHA-256.
type Declare func(w *program.Worker, contents map[string]Content) ([]program.Task, error)

// Load reads a pipeline file and the files that it names. Every error is an
// [*program.Error] with the place, and an [program.ErrInvalid].
func Load(path string) (*File, error) { return LoadWith(path, nil) }

// LoadWith is Load for a file whose tasks may be those that a worker says it has.
func LoadWith(path string, declare Declare) (*File, error) {
	text, err := readText(path, maxPipelineFile)
	if err != nil {
		return nil, err
	}
	return load(path, text, readText, declare)
}

func load(path, text string, read readFile, declare Declare) (*File, error) {
	root, err := parseYAML(path, text)
	if err != nil {
		return nil, err
	}
	l := loader{reader: reader{file: path}, dir: filepath.Dir(path), read: read, content: text, declare: declare, contents: make(map[string]Content)}
	f := l.pipeline(root)
	if l.err != nil {
		return nil, l.err
	}
	broken := f.Definition.Check()
	if broken == nil && f.Definition.Kind == program.KindStarlark {
		_, broken = starlark.Compile(f.Definition)
	}
	if broken == nil {
		broken = f.check()
	}
	if broken != nil {
		return nil, l.place(root, broken)
	}
	return f, nil
}

// loader reads the parts of a pipeline file, in the types that they must have. What
// the values must be is checked after it.
type loader struct {
	reader
	dir     string
	read    readFile
	content string // of the file

	declare  Declare
	contents map[string]Content // that the definition names, by SHA-256
}

func (l *loader) pipeline(root *node) *File {
	const what = "the pipeline"
	l.fields(root, what, "name", "runs", "ticks", "first_tick", "budget", "context", "contexts", "workers", "tasks")
	f := &File{Definition: &program.Definition{
		Schema: program.DefinitionSchema,
		Name:   l.text(l.need(root, what, "name", "one of A-Z a-z 0-9 _ -"), "name"),
	}}
	if budget := l.need(root, what, "budget", "budget: {forecast: {ops: …, entropy: …}, shadow: {ops: …, entropy: …}}"); budget != nil {
		l.fields(budget, "budget", "forecast", "shadow")
		const want = "what the lane may spend in a tick: {ops: …, entropy: …}"
		f.Budget.Forecast = l.budget(l.need(budget, "budget", "forecast", want), "forecast budget", true)
		f.Budget.Shadow = l.budget(l.need(budget, "budget", "shadow", want), "shadow budget", true)
	}
	l.tasks(root, f.Definition)
	f.Contexts, f.Contents, f.Dir = l.contextsOf(root), l.contents, l.dir
	if l.err != nil {
		return nil
	}
	f.Runs = int(max(math.MinInt, min(math.MaxInt, l.integer(root.get("runs"), "runs", DefaultRuns))))
	f.FirstTick = l.integer(root.get("first_tick"), "first_tick", 0)
	f.Ticks = l.integer(root.get("ticks"), "ticks", int64(f.Contexts.Len()))
	return f
}

// tasks reads the tasks, and workers that they are of.
func (l *loader) tasks(root *node, d *program.Definition) {
	d.Workers = l.workers(root.get("workers"))
	n := l.need(root, "the pipeline", "tasks", "a list of tasks")
	if n != nil && n.kind == canon.Object {
		d.Tasks = l.declared(n, d.Workers)
	} else {
		for i, item := range l.list(n, "tasks", "a list of tasks, or {from: WORKER}") {
			d.Tasks = append(d.Tasks, l.task(item, i))
		}
	}
	d.Kind = program.KindStarlark
	for i := range d.Tasks {
		if d.Tasks[i].Starlark == nil {
			d.Kind = program.KindExec
		}
	}
}

func (l *loader) task(n *node, i int) program.Task {
	what := "task " + strconv.Itoa(i+1)
	l.fields(n, what, "name", "lane", "priority", "cost", "tags", "steps", "starlark", "starlark_file", "worker", "command", "ignore", "round")
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
	l.function(n, what, &t)
	return t
}

// rules reads what may differ in a task's value.
func (l *loader) rules(n *node, what string, parse func(string) (rules.Rule, error)) (list []rules.Rule) {
	for _, item := range l.list(n, what, "a list of rules") {
		text := l.text(item, "a rule of "+what)
		if l.err != nil {
			return nil
		}
		r, err := parse(text)
		if err != nil {
			l.fail(item.spot, "%v", err)
		}
		list = append(list, r)
	}
	return list
}

// function reads what a task runs.
func (l *loader) function(n *node, what string, t *program.Task) {
	worker, command := n.get("worker"), n.get("command")
	if worker == nil && command == nil {
		t.Starlark = l.starlark(n, what, t.Name)
		return
	}
	for _, other := range []string{"starlark", "starlark_file", "steps"} {
		if m := n.get(other); m != nil {
			l.fail(m.spot, "%s has %s beside a worker or a command: keep one", what, other)
		}
	}
	if worker != nil && command != nil {
		l.fail(command.spot, "%s has both worker and command: keep one", what)
	}
	t.Worker, t.Command = l.text(worker, "worker"), l.command(command, what)
	if t.Worker == "" && t.Command == nil && l.err == nil {
		l.fail(worker.spot, "worker is empty: name one of the workers")
	}
}

func (l *loader) lane(n *node) events.Lane {
	text := l.text(n, "lane")
	if l.err != nil {
		return 0
	}
	lane, err := events.ParseLane(text)
	if err != nil {
		l.fail(n.spot, "%v", err)
	}
	return lane
}

// starlark returns the code of a task.
func (l *loader) starlark(n *node, what, task string) *program.Starlark {
	code := &program.Starlark{File: task, Steps: l.integer(n.get("steps"), "steps", program.DefaultSteps)}
	inline, named := n.get("starlark"), n.get("starlark_file")
	switch {
	case inline != nil && named != nil:
		l.fail(named.spot, "%s has both starlark and starlark_file: keep one", what)
	case inline != nil:
		code.Source = l.text(inline, "starlark")
		return code
	case named == nil:
		l.fail(n.spot, "%s has nothing to run: add starlark: | and a function run(ctx), or starlark_file, worker or command", what)
	}
	path := l.path(named, "starlark_file")
	if l.err == nil {
		code.Source, l.err = l.read(path, maxStarlarkFile)
		l.named(named)
	}
	code.File = filepath.Base(path)
	return code
}

// named makes a mistake that concerns a whole file one of the place that names it.
func (l *loader) named(n *node) {
	if e, ok := errors.AsType[*program.Error](l.err); ok && e.Line == 0 {
		l.err = &program.Error{File: l.file, Line: n.line, Column: n.column, Msg: e.Error()}
	}
}

// path returns the path of a file that n names.
func (l *loader) path(n *node, what string) string {
	path := l.text(n, what)
	if l.err == nil && path == "" {
		l.fail(n.spot, "%s is empty: name a file", what)
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(l.dir, filepath.FromSlash(path))
}

// contextsOf reads the contexts of the file.
func (l *loader) contextsOf(root *node) *program.Contexts {
	one, many := root.get("context"), root.get("contexts")
	var values []canon.Value
	switch {
	case l.err != nil:
		return nil
	case one != nil && many != nil:
		l.fail(many.spot, "there are both context and contexts: keep one")
		return nil
	case one != nil:
		values = append(values, l.context(one, "context"))
	case many == nil:
		values = append(values, "{}")
	case many.kind == canon.Object:
		return l.contextsFile(many)
	default:
		items := l.list(many, "contexts", "a list of objects, {file: …} or {text: …}")
		if l.err == nil && len(items) == 0 {
			l.fail(many.spot, "contexts is empty: want at least one object")
		}
		for i, item := range items {
			values = append(values, l.context(item, "context "+strconv.Itoa(i+1)))
		}
	}
	if l.err != nil {
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
		l.fail(n.spot, "%s: %v", what, err)
	}
	return v
}

func (l *loader) contextsFile(n *node) (c *program.Contexts) {
	l.fields(n, "contexts", "file", "text")
	if l.err == nil && len(n.members) != 1 {
		l.fail(n.spot, "contexts must be a list, or name one file: {file: …} or {text: …}")
	}
	if l.err != nil {
		return nil
	}
	from := n.members[0]
	if path := l.path(from.value, from.key+" of contexts"); l.err == nil && from.key == "text" {
		c, l.err = textContexts(l.read, path)
	} else if l.err == nil {
		c, l.err = lineContexts(l.read, path)
	}
	l.named(from.value)
	return c
}

// place finds where in the files a fault is.
func (l *loader) place(root *node, f *program.Fault) error {
	parent, n := find(root, f.Pointer)
	at := n.spot
	e := &program.Error{File: l.file, Line: at.line, Column: at.column, Msg: f.Msg}
	if f.Earlier != "" {
		_, earlier := find(root, f.Earlier)
		e.Msg += "; the first is on line " + strconv.Itoa(earlier.line)
	}
	source := spot{f.Line, f.Column}
	if source == (spot{}) {
		return e
	}
	if named := parent.get("starlark_file"); named != nil {
		e.File, e.Line, e.Column = l.path(named, ""), source.line, source.column
		return e
	}
	if n.block {
		e.Line, e.Column = l.inBlock(n, source)
		return e
	}
	e.Msg = "line " + strconv.Itoa(source.line) + " of the code: " + e.Msg
	return e
}

// inBlock returns where in the file a place of a block is: the block begins in the
// line after its header, and each line has lost its indentation.
func (l *loader) inBlock(n *node, at spot) (line, column int) {
	line = n.line + at.line
	fileLines, blockLines := strings.Split(l.content, "\n"), strings.Split(n.text, "\n")
	if line > len(fileLines) || at.line > len(blockLines) {
		return n.line, n.column // at the end of the block
	}
	indent := len(fileLines[line-1]) - len(blockLines[at.line-1])
	return line, at.column + max(indent, 0)
}

// find returns the value that a pointer names and what it is in, or the nearest
// that exists above it.
func find(root *node, pointer string) (parent, n *node) {
	parent, n = root, root
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		next := n.get(step)
		if i, err := strconv.Atoi(step); err == nil && i < len(n.items) {
			next = n.items[i]
		}
		if next == nil {
			return n, n
		}
		parent, n = n, next
	}
	return parent, n
}
