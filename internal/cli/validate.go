package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/report"
)

type validateCommand struct {
	File string `short:"f" required:"" placeholder:"FILE" help:"Pipeline file (YAML)."`
	JSON bool   `name:"json" help:"Print what was found as JSON."`
}

func (*validateCommand) examples() string {
	return `  ers validate -f pipeline.yaml                every mistake with its place, or what is in the file
  ers validate -f pipeline.yaml --json | jq -r '.mistakes[].message'
`
}

// validation is what was found in a pipeline file.
type validation struct {
	File     string    `json:"file"`
	OK       bool      `json:"ok"`
	Mistakes []mistake `json:"mistakes"` // by place; at most 50
	More     int       `json:"more"`     // mistakes that are left out
	*contents
}

type mistake struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"` // from 1; left out when it is about the whole file
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// contents are what a good pipeline file comes to.
type contents struct {
	Pipeline         string        `json:"pipeline"`
	Kind             string        `json:"kind"`
	Tasks            []taskSummary `json:"tasks"`             // in the order of the file
	Budgets          []string      `json:"budgets,omitempty"` // names of several, a window each
	Runs             int           `json:"runs"`
	FirstTick        int64         `json:"first_tick"`
	Ticks            int64         `json:"ticks"`
	Contexts         int           `json:"contexts"`
	DefinitionSHA256 string        `json:"definition_sha256"`
	ContextsSHA256   string        `json:"contexts_sha256"`
	Files            []fileSummary `json:"files"` // that are taken in beside the pipeline file
	Workers          []namedHash   `json:"workers,omitempty"`
}

// namedHash is a worker and the SHA-256 by which --allow-exec knows it.
type namedHash struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

type taskSummary struct {
	Name string      `json:"name"`
	Lane events.Lane `json:"lane"`
}

type fileSummary struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
}

func (c *validateCommand) Run(ctx context.Context, io *streams) error {
	f, err := loadFile(ctx, io, c.File)
	v := validation{File: c.File, OK: err == nil, Mistakes: []mistake{}}
	if m, ok := errors.AsType[*pipeline.Mistakes](err); ok {
		v.More = m.More
		for _, e := range m.List {
			v.Mistakes = append(v.Mistakes, mistake{e.File, e.Line, e.Column, e.Msg})
		}
		err = errUnknown
		if !c.JSON {
			return tellMistakes(io, m)
		}
	} else if err != nil {
		return err
	} else {
		v.contents = contentsOf(f)
	}
	if c.JSON {
		return errors.Join(printJSON(io, v), err)
	}
	return v.tell(io)
}

func tellMistakes(io *streams, m *pipeline.Mistakes) error {
	for _, e := range m.List {
		if _, err := fmt.Fprintln(io.text(), report.Clean(e.Error())); err != nil {
			return err
		}
	}
	switch n := len(m.List) + m.More; {
	case n == 1:
		io.say("%s has a mistake", m.File)
	case m.More > 0:
		io.say("%s has %d mistakes; these are the first %d", m.File, n, len(m.List))
	default:
		io.say("%s has %d mistakes", m.File, n)
	}
	return errUnknown
}

func contentsOf(f *pipeline.File) *contents {
	c := &contents{
		Pipeline: f.Definition.Name, Kind: f.Definition.Kind, Runs: f.Runs, FirstTick: f.FirstTick, Ticks: f.Ticks,
		Contexts: f.Contexts.Len(), DefinitionSHA256: f.Definition.SHA256(), ContextsSHA256: f.Contexts.SHA256(),
		Files: []fileSummary{},
	}
	for _, b := range f.Budgets {
		c.Budgets = append(c.Budgets, b.Name)
	}
	for i := range f.Definition.Tasks {
		c.Tasks = append(c.Tasks, taskSummary{f.Definition.Tasks[i].Name, f.Definition.Tasks[i].Lane})
	}
	for i := range f.Definition.Workers {
		w := &f.Definition.Workers[i]
		c.Workers = append(c.Workers, namedHash{w.Name, exec.WorkerSHA256(w)})
	}
	for _, taken := range f.Taken {
		c.Files = append(c.Files, fileSummary(taken))
	}
	return c
}

// tell says what is in a good file.
func (v *validation) tell(io *streams) error {
	lanes := map[events.Lane]int{}
	for _, t := range v.Tasks {
		lanes[t.Lane]++
	}
	contexts := fmt.Sprintf("%d, one a tick", v.Contexts)
	if v.Contexts == 1 {
		contexts = "1, the same for every tick"
	}
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "%s is good\n\n", report.Clean(v.File))
	fmt.Fprintf(table, "  pipeline\t%s, kind %s\n", v.Pipeline, v.Kind)
	fmt.Fprintf(table, "  tasks\t%d: %d forecast, %d shadow\n", len(v.Tasks), lanes[events.Forecast], lanes[events.Shadow])
	fmt.Fprintf(table, "  window\t%d runs, %s\n", v.Runs, tickSpan(v.FirstTick, v.Ticks))
	if len(v.Budgets) > 0 {
		fmt.Fprintf(table, "  budgets\t%s, a window each\n", report.Clean(strings.Join(v.Budgets, ", ")))
	}
	fmt.Fprintf(table, "  contexts\t%s\n", contexts)
	fmt.Fprintf(table, "  definition\t%.12s   contexts %.12s\n", v.DefinitionSHA256, v.ContextsSHA256)
	if v.Kind == program.KindExec {
		fmt.Fprintf(table, "  allow exec\tdefinition %s\n", v.DefinitionSHA256)
		for _, w := range v.Workers {
			fmt.Fprintf(table, "  \tworker %s  # %s\n", w.SHA256, report.Clean(w.Name))
		}
	}
	for i, f := range v.Files {
		fmt.Fprintf(table, "  %s\t%s, %d bytes\n", strings.Repeat("files", 1-min(i, 1)), report.Clean(f.Path), f.Size)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := io.text().Write(text.Bytes())
	return err
}

func tickSpan(first, ticks int64) string {
	if ticks == 1 {
		return fmt.Sprintf("tick %d", first)
	}
	return fmt.Sprintf("ticks %d to %d", first, first+ticks-1)
}
