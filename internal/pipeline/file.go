package pipeline

import (
	"fmt"
	"math"
	"strings"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/vary"
)

// DefaultRuns is how many runs a window has when the file does not say.
const DefaultRuns = 12

// File is what a pipeline file says, with all files that it names taken in. Its
// numbers may be changed; [File.Check] tells whether they are still good.
type File struct {
	Definition *program.Definition
	Contexts   *program.Contexts
	Contents   map[string]Content // that the definition names, by SHA-256
	Taken      []Taken            // the files that were read beside the pipeline file
	Dir        string             // the folder of the pipeline file
	Runs       int                // events.MinRuns to events.MaxRuns
	FirstTick  int64              // >= 0
	Ticks      int64              // of each run, >= 1
	Budget     events.Budgets
	Variations []vary.Name   // of those that its kind can have
	Fixed      []vary.Name   // others of these; no pipeline file says it
	Shadow     bool          // further runs show that the shadow lane changes nothing, see groups
	Spread     bool          // the runs go to all coordinators, so that machines are compared
	BudgetName string        // of one that was chosen of Budgets
	Budgets    []NamedBudget // each for a window of its own, in the order of the file; none: there is Budget alone
}

// NamedBudget is one of several budgets of a pipeline.
type NamedBudget struct {
	Name string // see events.CheckBudgetName
	events.Budgets
}

// Each returns a file for each window that the file asks for: one, or one for each of its
// budgets.
func (f *File) Each() []*File {
	if len(f.Budgets) == 0 {
		return []*File{f}
	}
	var list []*File
	for _, b := range f.Budgets {
		one := *f
		one.Budget, one.BudgetName, one.Budgets = b.Budgets, b.Name, nil
		list = append(list, &one)
	}
	return list
}

// Choose returns the file with one of its budgets alone.
func (f *File) Choose(name string) (*File, error) {
	for _, one := range f.Each() {
		if name != "" && one.BudgetName == name {
			return one, nil
		}
	}
	if len(f.Budgets) == 0 {
		return nil, &program.Error{Msg: fmt.Sprintf("there is no budget %.40q: the pipeline has one budget, without a name", name)}
	}
	return nil, &program.Error{Msg: fmt.Sprintf("there is no budget %.40q: want one of %s", name, f.budgetNames())}
}

// One is an error where the file asks for several windows.
func (f *File) One() error {
	if len(f.Budgets) == 0 {
		return nil
	}
	return &program.Error{Msg: fmt.Sprintf("the pipeline has the budgets %s: choose one, with --budget NAME", f.budgetNames())}
}

func (f *File) budgetNames() string {
	var names []string
	for _, b := range f.Budgets {
		names = append(names, b.Name)
	}
	return strings.Join(names, ", ")
}

// Check returns the first rule that the numbers break, nil for none. Every error is
// an [program.ErrInvalid].
func (f *File) Check() error {
	if list := f.faults(); len(list) > 0 {
		return &program.Error{Msg: list[0].Msg}
	}
	return nil
}

// faults returns all rules that the numbers break.
func (f *File) faults() (list []*program.Fault) {
	fault := func(pointer, format string, args ...any) {
		list = append(list, program.Faultf(pointer, format, args...))
	}
	if f.Runs < events.MinRuns || f.Runs > events.MaxRuns {
		fault("/runs", "runs is %d: want %d to %d", f.Runs, events.MinRuns, events.MaxRuns)
	}
	if f.FirstTick < 0 {
		fault("/first_tick", "first_tick is %d: want 0 or more", f.FirstTick)
	}
	if f.Ticks < 1 {
		fault("/ticks", "ticks is %d: want at least 1", f.Ticks)
	} else if f.FirstTick > math.MaxInt64-f.Ticks {
		fault("/first_tick", "first_tick is %d: with %d ticks it goes beyond 64 bits, lower it", f.FirstTick, f.Ticks)
	}
	if f.Contexts != nil {
		if err := f.Contexts.Covers(f.Ticks); err != nil {
			fault("/ticks", "%v", err)
		}
	}
	if f.Shadow {
		list = append(list, f.shadowFaults()...)
	}
	if len(f.Budgets) == 0 {
		return append(list, budgetFaults(f.Budget, "/budget", "")...)
	}
	for _, b := range f.Budgets {
		list = append(list, budgetFaults(b.Budgets, "/budgets/"+b.Name, b.Name+" ")...)
	}
	return list
}

func budgetFaults(b events.Budgets, pointer, name string) []*program.Fault {
	return append(program.CheckBudget(b.Forecast, pointer+"/forecast", name+"forecast budget"),
		program.CheckBudget(b.Shadow, pointer+"/shadow", name+"shadow budget")...)
}

// UseText replaces the contexts by the paragraphs of a text file, one a tick, and
// sets Ticks to their number. On error nothing is changed.
func (f *File) UseText(path string) error { return f.use(textContexts(readText, path)) }

// UseContexts replaces the contexts by those of a file of JSON Lines, an object a
// line, and sets Ticks to their number. On error nothing is changed.
func (f *File) UseContexts(path string) error { return f.use(lineContexts(readText, path)) }

func (f *File) use(c *program.Contexts, err error) error {
	if err != nil {
		return err
	}
	f.Contexts, f.Ticks = c, int64(c.Len())
	return nil
}

// Request returns the request for a window of this pipeline, for which Definition
// and Contexts must be in the object store. A file of several budgets has none before
// one is chosen, see [File.One].
func (f *File) Request() events.WindowRequest {
	groups, further := f.groups()
	return events.WindowRequest{
		Schema:           events.WindowSchema,
		Kind:             f.Definition.Kind,
		Pipeline:         f.Definition.Name,
		DefinitionSHA256: f.Definition.SHA256(),
		ContextsSHA256:   f.Contexts.SHA256(),
		Runs:             f.Runs + further,
		Groups:           groups,
		FirstTick:        f.FirstTick,
		Ticks:            f.Ticks,
		Budget:           f.Budget,
		Variations:       f.Variations,
		Fixed:            f.Fixed,
		Spread:           f.Spread,
		BudgetName:       f.BudgetName,
	}
}

func textContexts(read readFile, path string) (*program.Contexts, error) {
	text, err := read(path, maxContextsFile)
	if err != nil {
		return nil, err
	}
	c, err := paragraphs(text)
	if err != nil {
		return nil, &program.Error{File: path, Msg: err.Error()}
	}
	return c, nil
}

func lineContexts(read readFile, path string) (*program.Contexts, error) {
	text, err := read(path, maxContextsFile)
	if err != nil {
		return nil, err
	}
	c, broken := program.ParseContexts([]byte(text))
	if broken != nil {
		return nil, &program.Error{File: path, Line: broken.Line, Column: broken.Column, Msg: broken.Msg}
	}
	return c, nil
}
