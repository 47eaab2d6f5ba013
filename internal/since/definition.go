package since

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
)

// What is told at most of a definition, and the largest file that is looked into.
const (
	mostChanges = 8
	mostBytes   = 4 << 20
)

// definitions says what is other in a definition than in an earlier one.
func definitions(ctx context.Context, b *bus.Bus, was, is string) ([]string, error) {
	if was == is {
		return nil, nil
	}
	before, err := read(ctx, b, was, program.DecodeDefinition)
	if err != nil {
		return nil, err
	}
	now, err := read(ctx, b, is, program.DecodeDefinition)
	if err != nil {
		return nil, err
	}
	if before == nil || now == nil {
		return []string{"it is another, and one of both cannot be read here"}, nil
	}
	list, err := compare(before, now, func(f program.File) ([]byte, error) {
		if f.Size > mostBytes {
			return nil, nil
		}
		data, err := b.GetObject(ctx, f.SHA256)
		if errors.Is(err, bus.ErrNotFound) || errors.Is(err, bus.ErrDamaged) {
			return nil, nil
		}
		return data, err
	})
	if len(list) > mostChanges {
		list = append(list[:mostChanges], fmt.Sprintf("and %d more", len(list)-mostChanges))
	}
	return list, err
}

// compare lists what is other: files and code to the line, then tasks, then what is left.
// content returns nil for a file that is not looked into.
func compare(was, is *program.Definition, content func(program.File) ([]byte, error)) (list []string, err error) {
	before, now := parts(was), parts(is)
	for _, p := range now.order {
		x, there := before.files[p]
		y := now.files[p]
		switch {
		case !there:
			list = append(list, p+" is new")
		case x.SHA256 != y.SHA256:
			line, err := fileLine(x, y, content)
			if err != nil {
				return nil, err
			}
			list = append(list, p+line)
		case x.Executable != y.Executable:
			list = append(list, p+": whether it can be executed")
		}
	}
	for _, p := range before.order {
		if _, there := now.files[p]; !there {
			list = append(list, p+" is gone")
		}
	}
	for _, t := range now.tasks {
		if source, there := before.sources[t]; !there {
			list = append(list, fmt.Sprintf("task %s is new", t))
		} else if code := now.sources[t]; code != source {
			list = append(list, fmt.Sprintf("the code of task %s, line %d", t, firstLine([]byte(source), []byte(code))))
		}
	}
	for _, t := range before.tasks {
		if _, there := now.sources[t]; !there {
			list = append(list, fmt.Sprintf("task %s is gone", t))
		}
	}
	if len(before.tasks) == len(now.tasks) {
		if rest := difference(before.rest, now.rest); rest != "" {
			list = append(list, rest)
		}
	}
	return list, nil
}

// pieces are what a definition is made of.
type pieces struct {
	files   map[string]program.File // by whose they are and their path
	order   []string                // of these
	tasks   []string
	sources map[string]string   // the Starlark of each task; "" for none
	rest    *program.Definition // without files and code
}

func parts(d *program.Definition) *pieces {
	rest := *d
	rest.Workers, rest.Tasks = nil, nil
	p := &pieces{files: make(map[string]program.File), sources: make(map[string]string), rest: &rest}
	add := func(files []program.File) {
		for _, f := range files {
			if _, there := p.files[f.Path]; !there {
				p.order = append(p.order, f.Path)
			}
			p.files[f.Path] = f
		}
	}
	for _, w := range d.Workers {
		add(w.Files)
		w.Files = nil
		rest.Workers = append(rest.Workers, w)
	}
	for _, t := range d.Tasks {
		p.tasks = append(p.tasks, t.Name)
		p.sources[t.Name] = ""
		if t.Command != nil {
			add(t.Command.Files)
			command := *t.Command
			command.Files = nil
			t.Command = &command
		}
		if t.Starlark != nil {
			code := *t.Starlark
			p.sources[t.Name], code.Source = code.Source, ""
			t.Starlark = &code
		}
		rest.Tasks = append(rest.Tasks, t)
	}
	return p
}

// difference says where two definitions differ first, "" where they do not.
func difference(was, is *program.Definition) string {
	x, err := canon.Parse(was.Encode())
	if err != nil {
		return ""
	}
	y, err := canon.Parse(is.Encode())
	if err != nil || x == y {
		return ""
	}
	pointer, before, now := canon.FirstDifference("", x, y, events.MaxPointer)
	return fmt.Sprintf("%s: %s", pointer, changed(shown(before), shown(now)))
}

func shown(v canon.Value) string {
	if v == "" {
		return "nothing"
	}
	return fmt.Sprintf("%.60s", string(v))
}

// fileLine says in which line two files differ first, as " line 12"; "" where that is not
// known or no line.
func fileLine(was, is program.File, content func(program.File) ([]byte, error)) (string, error) {
	x, err := content(was)
	if err != nil {
		return "", err
	}
	y, err := content(is)
	if err != nil || x == nil || y == nil || bytes.IndexByte(y, 0) >= 0 {
		return "", err
	}
	return fmt.Sprintf(" line %d", firstLine(x, y)), nil
}

// firstLine is the number of the first line that is other, from 1.
func firstLine(x, y []byte) int {
	same := 0
	for same < min(len(x), len(y)) && x[same] == y[same] {
		same++
	}
	return 1 + bytes.Count(y[:same], []byte("\n"))
}
