package pipeline

import (
	"errors"
	"math"
	"path/filepath"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/program"
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
