package pipeline

import (
	"slices"
	"strconv"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/starlark"
)

// check finds the rules that what was read breaks, where it could be read.
func (l *loader) check(root *node, f *File) {
	faults := f.Definition.Faults()
	for i := range f.Definition.Tasks {
		t := &f.Definition.Tasks[i]
		if t.Starlark == nil {
			continue
		}
		if t.Starlark.Steps < 1 { // which is a fault of its own
			sound := *t.Starlark
			sound.Steps = program.DefaultSteps
			t = &program.Task{Name: t.Name, Starlark: &sound}
		}
		if pointer := program.TaskPointer(i); !l.known(root, pointer+"/starlark") {
			for _, fault := range starlark.Faults(t) {
				faults = append(faults, fault.In(pointer))
			}
		}
	}
	for _, fault := range append(faults, f.faults()...) {
		switch {
		case l.known(root, fault.Pointer):
		case fault.Depends != "" && l.unsure(root, fault.Depends):
		case fault.Earlier != "" && l.known(root, fault.Earlier+"/name"):
		default:
			l.add(l.place(root, fault))
		}
	}
}

// known tells whether what a pointer names is known to be wrong: itself, or what it is in.
func (l *loader) known(root *node, pointer string) bool {
	n, bad := root, root.bad
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		next, key := n.step(step)
		if next == nil {
			return bad || n.missing[key]
		}
		n = next
		bad = bad || n.bad
	}
	return bad || n.missing[function]
}

// unsure tells whether a list that a pointer names is known to be wrong, or one of its
// elements.
func (l *loader) unsure(root *node, pointer string) bool {
	_, n, _ := find(root, pointer)
	for _, item := range n.items {
		if item.bad || item.missing[function] {
			return true
		}
	}
	return l.known(root, pointer)
}

// step goes one step of a pointer down, and says under which key that is in the file; nil
// when there is nothing.
func (n *node) step(step string) (next *node, key string) {
	if n.kind == canon.Array {
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.items) {
			return n.items[i], step
		}
		return nil, step
	}
	if step == "rules" {
		return n.rules(), step
	}
	key = step
	other := map[string]string{"starlark": "starlark_file", "command": "run"}[step]
	if n.get(step) == nil && other != "" && (n.get(other) != nil || n.missing[other]) {
		key = other
	}
	return n.get(key), key
}

// rules are those of a task: of ignore, then of round.
func (n *node) rules() *node {
	made := &node{kind: canon.Array, spot: n.spot}
	for _, key := range []string{"round", "ignore"} {
		if list := n.get(key); list != nil {
			made.spot = list.spot
			made.bad = made.bad || list.bad
			made.items = slices.Concat(list.items, made.items)
		}
	}
	return made
}

// find returns the value that a pointer names, what it is in and its key there, or the
// nearest that exists above it.
func find(root *node, pointer string) (parent, n *node, key string) {
	parent, n = root, root
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		next, k := n.step(step)
		if next == nil {
			return n, n, ""
		}
		parent, n, key = n, next, k
	}
	return parent, n, key
}

// place finds where in the files a fault is.
func (l *loader) place(root *node, f *program.Fault) *program.Error {
	_, n, key := find(root, f.Pointer)
	e := &program.Error{File: l.file, Line: n.line, Column: n.column, Msg: f.Msg}
	if f.Earlier != "" {
		_, earlier, _ := find(root, f.Earlier)
		e.Msg += "; the first is on line " + strconv.Itoa(earlier.line)
	}
	source := spot{f.Line, f.Column}
	switch {
	case source == (spot{}):
	case key == "starlark_file":
		e.File, e.Line, e.Column = l.path(n, ""), source.line, source.column
	case n.block:
		e.Line, e.Column = l.inBlock(n, source)
	default:
		e.Msg = "line " + strconv.Itoa(source.line) + " of the code: " + e.Msg
	}
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
