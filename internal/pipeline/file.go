package pipeline

import (
	"math"

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
	Variations []vary.Name // of a pipeline of workers and commands
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
	if len(f.Variations) > 0 && f.Definition.Kind != program.KindExec {
		fault("/variations", "tasks of kind %s run within ERS, where nothing can be varied: only workers and commands have variations", f.Definition.Kind)
	}
	list = append(list, program.CheckBudget(f.Budget.Forecast, "/budget/forecast", "forecast budget")...)
	return append(list, program.CheckBudget(f.Budget.Shadow, "/budget/shadow", "shadow budget")...)
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
// and Contexts must be in the object store.
func (f *File) Request() events.WindowRequest {
	return events.WindowRequest{
		Schema:           events.WindowSchema,
		Kind:             f.Definition.Kind,
		Pipeline:         f.Definition.Name,
		DefinitionSHA256: f.Definition.SHA256(),
		ContextsSHA256:   f.Contexts.SHA256(),
		Runs:             f.Runs,
		FirstTick:        f.FirstTick,
		Ticks:            f.Ticks,
		Budget:           f.Budget,
		Variations:       words(f.Variations),
	}
}

func words(names []vary.Name) (list []string) {
	for _, name := range names {
		list = append(list, string(name))
	}
	return list
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
