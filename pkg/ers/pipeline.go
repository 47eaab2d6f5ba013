package ers

import (
	"fmt"
	"path"
	"strings"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
)

// Budget is what each lane may spend in a tick.
type Budget = events.Budgets

// Pipeline is a program's pipeline, for what [Main] does not set. A pipeline file (-f)
// goes before what stands here, and flags go before the file. Do not change it, nor what
// it points to, once one of its methods was called.
type Pipeline struct {
	// Name of the pipeline, of A-Z a-z 0-9 _ -, at most 64. Left out, it is the last
	// element of the main package's path.
	Name  string
	Tasks []Task // at least one

	// Budget of each lane in a tick. A lane that is left at zero gets what its tasks cost
	// together, so that none is skipped.
	Budget Budget

	// Contexts are one for each tick, or one for all; none is one without members.
	Contexts []map[string]any

	Runs      int   // 2 to 1000; 0 is 12
	FirstTick int64 // >= 0
	Ticks     int64 // of each run; 0 is one a context
}

// File returns what the pipeline comes to, with a pipeline file read over it; "" is none.
// The package's documentation says what may stand in the file.
func (p Pipeline) File(name string) (*pipeline.File, error) {
	own, err := p.own()
	if err != nil {
		return nil, err
	}
	if broken := own.Definition.Check(); broken != nil {
		return nil, fmt.Errorf("the program's pipeline: %w", broken.Plain())
	}
	if name != "" {
		return pipeline.LoadOwn(name, own)
	}
	if err := own.Check(); err != nil {
		return nil, fmt.Errorf("the program's pipeline: %w", err)
	}
	return &own.File, nil
}

// own is the pipeline without a file.
func (p *Pipeline) own() (*pipeline.Own, error) {
	module := mainPackage()
	own := &pipeline.Own{Named: p.Name != ""}
	d := &program.Definition{Schema: program.DefinitionSchema, Name: p.Name, Kind: program.KindGo, Module: module}
	if !own.Named {
		d.Name = nameOf(module)
	}
	var err error
	if d.Tasks, err = declare(p.Tasks); err != nil {
		return nil, err
	}
	contexts, err := p.contexts()
	if err != nil {
		return nil, err
	}
	own.File = pipeline.File{Definition: d, Contexts: contexts, Runs: p.Runs, FirstTick: p.FirstTick, Ticks: p.Ticks, Budget: p.budget()}
	if own.Runs == 0 {
		own.Runs = pipeline.DefaultRuns
	}
	if own.Ticks == 0 {
		own.Ticks = int64(contexts.Len())
	}
	return own, nil
}

func (p *Pipeline) contexts() (*program.Contexts, error) {
	values := []canon.Value{"{}"}
	for i, c := range p.Contexts {
		v, err := canon.Of(c)
		if err != nil {
			return nil, fmt.Errorf("context %d of the program's pipeline: %w", i+1, err)
		}
		if c == nil {
			v = "{}"
		}
		values = append(values[:i], v)
	}
	return program.NewContexts(values...)
}

// budget fills in what each lane's tasks cost where nothing is set.
func (p *Pipeline) budget() Budget {
	b := p.Budget
	for _, t := range p.Tasks {
		set, lane := p.Budget.Forecast, &b.Forecast
		if t.Lane == Shadow {
			set, lane = p.Budget.Shadow, &b.Shadow
		}
		if set == (events.Budget{}) {
			lane.Ops = sum(lane.Ops, t.Cost.Ops)
			lane.Entropy = sum(lane.Entropy, t.Cost.Entropy)
		}
	}
	return b
}

// sum adds costs, none of which means anything when it is negative.
func sum(a, b int64) int64 {
	if s := a + max(b, 0); s >= a {
		return s
	}
	return 1<<63 - 1
}

// nameOf makes the name of a pipeline out of the path of a main package.
func nameOf(module string) string {
	last := path.Base(module)
	if dir := path.Dir(module); dir != "." && len(last) > 1 && last[0] == 'v' && strings.Trim(last[1:], "0123456789") == "" {
		last = path.Base(dir) // a major version
	}
	last = strings.Map(func(r rune) rune {
		if r < 0x80 && events.CheckPipelineName(string(r)) == nil {
			return r
		}
		return '-'
	}, last)
	return last[:min(len(last), 64)]
}
