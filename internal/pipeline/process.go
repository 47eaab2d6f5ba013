package pipeline

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"abraxas.dev/ers/internal/folder"
	"abraxas.dev/ers/internal/size"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/program"
)

// The keys of what workers and commands have in common.
var processKeys = []string{"files", "env", "memory", "processes", "disk", "timeout", "network"}

// workers reads the workers of the file, by name.
func (l *loader) workers(n *node) (list []program.Worker) {
	if n == nil {
		return nil
	}
	if n.kind != canon.Object {
		l.mismatch(n, "workers", "names with a worker each, as in workers: {oracle: {command: [python3, tasks.py]}}")
		return nil
	}
	for _, m := range n.members {
		what := "worker " + strconv.Quote(m.key)
		l.fields(m.value, what, append([]string{"command"}, processKeys...)...)
		w := program.Worker{Name: m.key}
		w.Command = l.texts(l.need(m.value, what, "command", "the program and its arguments, as in [python3, tasks.py]"), "command")
		l.process(m.value, &w.Process)
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b program.Worker) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// command reads what a task runs: the program and its arguments, or these under run and
// more.
func (l *loader) command(n *node, what string) *program.Command {
	if n == nil {
		return nil
	}
	c := new(program.Command)
	if n.kind == canon.Array {
		c.Command = l.texts(n, "command")
		l.process(&node{kind: canon.Object, spot: n.spot}, &c.Process)
		return c
	}
	of := "the command of " + what
	l.fields(n, of, append([]string{"run", "pass", "stdin", "in_place", "dir", "setup", "probe", "out", "as", "expect_exit"}, processKeys...)...)
	c.Command = l.texts(l.need(n, of, "run", "the program and its arguments, as in [python3, sum.py]"), "run")
	l.process(n, &c.Process)
	c.Pass = l.texts(n.get("pass"), "pass")
	slices.Sort(c.Pass)
	c.Stdin = l.stdin(n.get("stdin"))
	c.InPlace = l.boolean(n.get("in_place"), "in_place", false)
	c.Dir = l.text(n.get("dir"), "dir")
	if c.Dir == "." {
		c.Dir = ""
	}
	c.Setup, c.Probe = l.text(n.get("setup"), "setup"), l.text(n.get("probe"), "probe")
	c.Out, c.As = l.texts(n.get("out"), "out"), l.texts(n.get("as"), "as")
	c.ExpectExit = l.integer(n.get("expect_exit"), "expect_exit", 0)
	return c
}

// process reads what workers and commands have in common.
func (l *loader) process(n *node, p *program.Process) {
	p.Files = l.files(n.get("files"))
	p.Env = l.environment(n.get("env"))
	p.Memory = l.size(n.get("memory"), "memory")
	p.Processes = l.integer(n.get("processes"), "processes", 0)
	p.Disk = l.size(n.get("disk"), "disk")
	p.Timeout = l.duration(n.get("timeout"), "timeout", program.DefaultTimeout)
	p.Network = program.NetworkAuto
	if network := n.get("network"); network != nil {
		p.Network = program.NetworkOff
		if l.boolean(network, "network", false) {
			p.Network = program.NetworkOn
		}
	}
}

// files takes in the files that patterns name, seen from the folder of the pipeline file,
// or from another one where that is said: {from: FOLDER, files: [PATTERN]}.
func (l *loader) files(n *node) (list []program.File) {
	var patterns []string
	for _, item := range l.list(n, "files", "a list of patterns, or of {from: FOLDER, files: [PATTERN]}") {
		if item.kind != canon.Object {
			if pattern := l.text(item, "an element of files"); !item.bad {
				patterns = append(patterns, pattern)
			}
			continue
		}
		const what = "an element of files"
		l.fields(item, what, "from", "files")
		from := l.need(item, what, "from", "the folder, seen from that of the pipeline file")
		path := l.path(from, "from")
		if more := l.texts(l.need(item, what, "files", "a list of patterns"), "files"); path != "" && !from.bad && len(more) > 0 {
			list = l.glob(item, path, more, list)
		}
	}
	if len(patterns) > 0 {
		list = l.glob(n, l.dir, patterns, list)
	}
	slices.SortStableFunc(list, func(a, b program.File) int { return strings.Compare(a.Path, b.Path) })
	return list
}

// glob takes in the files of a folder.
func (l *loader) glob(n *node, dir string, patterns []string, list []program.File) []program.File {
	found, err := folder.Glob(dir, patterns)
	if err != nil {
		l.wrong(n, "%v", err)
	}
	for _, f := range found {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		l.take(path, f.Size)
		list = append(list, program.File{Path: f.Path, SHA256: f.SHA256, Size: f.Size, Executable: f.Executable})
		l.contents[f.SHA256] = Content{Path: path, Hash: f.SHA256, Size: f.Size}
	}
	return list
}

// stdin reads what a command finds on standard input: a text, or {file: …}.
func (l *loader) stdin(n *node) *program.File {
	switch {
	case n == nil:
		return nil
	case n.kind == canon.String:
		c := textContent(n.text)
		l.contents[c.SHA256()] = c
		return &program.File{SHA256: c.SHA256(), Size: c.Size}
	case n.kind != canon.Object:
		l.mismatch(n, "stdin", "a text, or {file: …}")
		return nil
	}
	l.fields(n, "stdin", "file")
	named := l.need(n, "stdin", "file", "the file that is read, or give stdin as a text")
	if named == nil {
		return nil
	}
	path := l.path(named, "file of stdin")
	if named.bad {
		return nil
	}
	c, err := fileContent(path)
	if err != nil {
		l.wrong(named, "stdin: %v", err)
		return nil
	}
	l.take(path, c.Size)
	l.contents[c.Hash] = c
	return &program.File{SHA256: c.Hash, Size: c.Size}
}

// environment reads variables, by name.
func (l *loader) environment(n *node) (list []program.Variable) {
	if n == nil {
		return nil
	}
	if n.kind != canon.Object {
		l.mismatch(n, "env", "names with a value each, as in {TZ: UTC}")
		return nil
	}
	for _, m := range n.members {
		list = append(list, program.Variable{Name: m.key, Value: l.text(m.value, "variable "+m.key)})
	}
	slices.SortFunc(list, func(a, b program.Variable) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// texts returns a list of strings; none for nil. One with a bad element is bad.
func (l *loader) texts(n *node, what string) (list []string) {
	for _, item := range l.list(n, what, "a list of strings") {
		list = append(list, l.text(item, "an element of "+what))
		n.bad = n.bad || item.bad
	}
	return list
}

func (l *loader) boolean(n *node, what string, absent bool) bool {
	if n == nil {
		return absent
	}
	if n.kind != canon.Bool {
		l.mismatch(n, what, "true or false")
	}
	return n.scalar == "true"
}

// size reads a number of bytes, such as 512MiB; 0 for nil.
func (l *loader) size(n *node, what string) int64 {
	if n == nil {
		return 0
	}
	text := n.text
	if n.kind == canon.Int {
		text = string(n.scalar)
	}
	bytes, err := size.Parse(text)
	if err != nil {
		l.wrong(n, "%s: %v", what, err)
	}
	return bytes
}

// duration reads a time such as 60s, in milliseconds.
func (l *loader) duration(n *node, what string, absent int64) int64 {
	if n == nil {
		return absent
	}
	d, err := time.ParseDuration(n.text)
	if n.kind != canon.String || err != nil {
		l.wrong(n, "%s: want a time such as 60s, 1m30s or 500ms", what)
		return absent
	}
	return d.Milliseconds()
}

// declared returns the tasks that a worker says it has.
func (l *loader) declared(n *node, workers []program.Worker) []program.Task {
	before := len(l.found)
	l.fields(n, "tasks", "from")
	if len(l.found) > before {
		n.bad = true // the tasks are not known
		return nil
	}
	from := l.need(n, "tasks", "from", "the name of a worker, or give tasks as a list")
	name := l.text(from, "from")
	if from == nil || from.bad {
		n.bad = true
		return nil
	}
	i := slices.IndexFunc(workers, func(w program.Worker) bool { return w.Name == name })
	switch {
	case i < 0:
		l.wrong(from, "there is no worker %q: add it to workers", name)
	case l.declare == nil:
		l.wrong(from, "the tasks of worker %q are known only when it is started, which is not done here", name)
	case len(l.found) == before:
		tasks, err := l.declare(&workers[i], l.contents)
		if err == nil {
			return tasks
		}
		l.wrong(from, "worker %q: %v", name, err)
	}
	n.bad = true
	return nil
}
