package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/program"
)

const (
	maxMistakes = 50     // that are told of a file
	maxFound    = 10_000 // that are looked for
	maxLines    = 10     // of an error text
)

// Mistakes are what is wrong with a pipeline file and the files that it names: at least
// one, those in the pipeline file first, each file's by place.
type Mistakes struct {
	File string           // the pipeline file
	List []*program.Error // at most 50
	More int              // that are left out of List
}

// Error has a line for each mistake, at most ten.
func (m *Mistakes) Error() string {
	var lines []string
	for _, e := range m.List[:min(len(m.List), maxLines)] {
		lines = append(lines, e.Error())
	}
	if more := len(m.List) - len(lines) + m.More; more > 0 {
		lines = append(lines, fmt.Sprintf("%s: and %d more: `ers validate -f FILE` tells them", m.File, more))
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes each mistake one that errors.Is and errors.As find.
func (m *Mistakes) Unwrap() (list []error) {
	for _, e := range m.List {
		list = append(list, e)
	}
	return list
}

// mistakesOf makes an error of what was found, nil of nothing.
func mistakesOf(file string, found []*program.Error) error {
	if len(found) == 0 {
		return nil
	}
	order := make(map[string]int) // of files
	for _, e := range found {
		if _, known := order[e.File]; !known && e.File != file {
			order[e.File] = len(order) + 1
		}
	}
	slices.SortStableFunc(found, func(a, b *program.Error) int {
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	told := min(len(found), maxMistakes)
	return &Mistakes{File: file, List: found[:told], More: len(found) - told}
}

// log gathers mistakes as they are found.
type log struct {
	file  string
	found []*program.Error
}

func (l *log) fail(at spot, format string, args ...any) {
	l.add(&program.Error{File: l.file, Line: at.line, Column: at.column, Msg: fmt.Sprintf(format, args...)})
}

func (l *log) add(e *program.Error) {
	if len(l.found) < maxFound {
		l.found = append(l.found, e)
	}
}
