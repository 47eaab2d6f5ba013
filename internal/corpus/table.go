// Package corpus reads testdata/drift: small programs that drift in one classic way each,
// clean ones that look alike, and the table that says what must be caught of them. Its
// tests run them through the command ers; package compare beside it runs the same
// programs plainly and under reprotest.
package corpus

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/vary"
)

// Table is testdata/drift/table.yaml.
type Table struct {
	Drifting []Entry `yaml:"drifting"`
	Clean    []Entry `yaml:"clean"`
}

// Entry says of a program how it is run and what it must come to.
type Entry struct {
	Class   string   `yaml:"class"`
	Program string   `yaml:"program"` // .py, .sh and .go: a command; .yaml: a pipeline; a folder: a Go program with tasks
	Flags   []string `yaml:"flags"`   // of ers
	Pass    []string `yaml:"pass"`    // variables that the command is given: STATE, a folder that outlives its runs, and URL, a server
	Sample  bool     `yaml:"sample"`  // it is in the tests that always run

	// Accepted is a pipeline that passes, and whose hashes the program is held against.
	Accepted string `yaml:"accepted"`

	// Needs says without what the program passes: crash (of the process that runs it), or
	// budgets (of several sizes). "": a window of runs with all standard variations shows
	// the difference.
	Needs string `yaml:"needs"`

	// What the verdict must find. Place is a regular expression for all that [Place] says.
	Kind  events.DivergenceKind `yaml:"kind"`
	Task  *string               `yaml:"task"` // left out: the program's name
	Place string                `yaml:"place"`
	Odd   int                   `yaml:"odd"` // so many runs are outside the largest group; 0: any number

	// Cause is what blame must name: the variation, several with "or" where each alone makes
	// the difference, or "itself" where none does. Of an interference it is the shadow task.
	Cause string `yaml:"cause"`
}

// Name is the program's name without folder and kind.
func (e *Entry) Name() string {
	return strings.TrimSuffix(path.Base(e.Program), path.Ext(e.Program))
}

// TaskName is the task that must differ.
func (e *Entry) TaskName() string {
	if e.Task != nil {
		return *e.Task
	}
	return e.Name()
}

// IsPipeline says whether the program is one for `ers run`, and no command.
func (e *Entry) IsPipeline() bool {
	ext := path.Ext(e.Program)
	return ext == ".yaml" || ext == ""
}

// Read reads the table in a folder.
func Read(dir string) (*Table, error) {
	data, err := os.ReadFile(filepath.Join(dir, "table.yaml"))
	if err != nil {
		return nil, err
	}
	t := new(Table)
	if err := yaml.UnmarshalWithOptions(data, t, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("table.yaml: %w", err)
	}
	seen := make(map[string]bool)
	for _, e := range t.Drifting {
		if e.Class == "" || e.Kind == "" || e.Place == "" || e.Cause == "" {
			return nil, fmt.Errorf("table.yaml: %s: class, kind, place and cause must be there", e.Program)
		}
		if _, err := regexp.Compile(e.Place); err != nil {
			return nil, fmt.Errorf("table.yaml: %s: %w", e.Program, err)
		}
	}
	for _, e := range append(t.Drifting[:len(t.Drifting):len(t.Drifting)], t.Clean...) {
		if seen[e.Program] {
			return nil, fmt.Errorf("table.yaml: %s is there twice", e.Program)
		}
		seen[e.Program] = true
	}
	return t, nil
}

// Place says in words where a verdict found the difference: the JSON pointer into the
// event, or for a command what of its content differs.
func Place(d *events.Divergence) string {
	c := d.Content
	if c == nil {
		return d.Pointer
	}
	place := c.Name
	if c.As == "jsonl" || c.As == "text" {
		place += fmt.Sprintf(", line %d", c.Line)
	}
	switch {
	case c.As == "json" || c.As == "jsonl":
		place += ", JSON " + c.Pointer
	case c.As == "bytes":
		place += fmt.Sprintf(", byte %d", c.Offset)
	}
	return place
}

// Cause is what the pattern of the runs says is behind a difference: the variation, or
// several of which one is; "itself" where none explains it alone. sure is false where the
// difference is rare, so that the variations are only possible.
func Cause(v *events.Verdict) (cause string, sure bool) {
	list := vary.Suspects(v.Variations, v.Number, v.PlainGroups())
	if len(list) == 0 {
		return Itself, true
	}
	names := make([]string, len(list))
	for i := range list {
		names[i] = string(list[i].Name)
	}
	return strings.Join(names, " or "), list[0].All()
}

// Itself is the cause of what no variation explains.
const Itself = "itself"
