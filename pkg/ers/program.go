package ers

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/vary"
)

// Load returns what a coordinator of this program needs, for services of your own: the
// [coordinator.Config] of its windows has it as Load, [program.KindGo] as the one of
// Kinds, and the pipeline's name as Pipeline. It gives up a window whose definition declares other
// tasks than this program has, and says which task it is.
func (p Pipeline) Load(b *bus.Bus) func(context.Context, *events.WindowRequest) (coordinator.Program, error) {
	return func(ctx context.Context, r *events.WindowRequest) (coordinator.Program, error) {
		definition, contexts, err := service.Read(ctx, b, r)
		if err != nil {
			return nil, err
		}
		if err := p.fits(definition); err != nil {
			return nil, fmt.Errorf("%w: %w", coordinator.ErrProgram, err)
		}
		return p.window(definition, contexts), nil
	}
}

// fits tells whether a definition is one of this program.
func (p *Pipeline) fits(d *program.Definition) error {
	if d.Kind != program.KindGo {
		return fmt.Errorf("the definition is of kind %s, and this program has tasks in Go", d.Kind)
	}
	if module := mainPackage(); d.Module != module {
		return fmt.Errorf("the definition is of program %s, and this one is %s", d.Module, module)
	}
	own, err := declare(p.Tasks)
	if err != nil {
		return err
	}
	fault := program.Differ(program.Declared{By: "the definition", Tasks: d.Tasks}, program.Declared{By: "this program", Tasks: own})
	if fault != "" {
		return fmt.Errorf("%s: the window was asked for by another build", fault)
	}
	return nil
}

// window is the program of a window.
type window struct {
	definition *program.Definition
	tasks      []*Task // in the order of the definition
	contexts   *program.Contexts
}

func (p *Pipeline) window(d *program.Definition, contexts *program.Contexts) *window {
	w := &window{definition: d, contexts: contexts}
	for _, declared := range d.Tasks {
		i := slices.IndexFunc(p.Tasks, func(t Task) bool { return t.Name == declared.Name })
		w.tasks = append(w.tasks, &p.Tasks[i])
	}
	return w
}

func (w *window) Context(i int64) canon.Value { return w.contexts.At(i) }

// Without implements [coordinator.Reducible].
func (w *window) Without(_ context.Context, shadow []string) (coordinator.Program, error) {
	definition, err := w.definition.Without(shadow)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", coordinator.ErrProgram, err)
	}
	left := &window{definition: definition, contexts: w.contexts}
	for _, t := range w.tasks { // in the order of the definition
		if !slices.Contains(shadow, t.Name) {
			left.tasks = append(left.tasks, t)
		}
	}
	return left, nil
}

func (w *window) NewRun(of vary.Run) (coordinator.Run, error) {
	around, err := surroundings(of)
	if err != nil {
		return nil, err
	}
	r := &run{Scheduler: scheduler.New(), surroundings: around, collect: of.Varied(vary.GC)}
	for _, i := range of.Places(len(w.tasks)) {
		if err := r.Add(w.tasks[i].schedule(&w.definition.Tasks[i])); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// run is one run in this process.
type run struct {
	*scheduler.Scheduler
	surroundings canon.Value // "" once they were told
	collect      bool        // garbage, before each tick
}

// Tick runs the tasks once.
func (r *run) Tick(ctx context.Context, number int64, budgets scheduler.Budgets, value any) (scheduler.Tick, error) {
	if r.collect {
		runtime.GC()
	}
	return r.Scheduler.Tick(ctx, number, budgets, value)
}

// Stateful implements [coordinator.Stateful]: a function may keep something by accident,
// and what it comes to after a restart shows that alone.
func (*run) Stateful() bool { return true }

// Extra implements [coordinator.Recorder]: the first tick of a run that this process
// records says of which build it is.
func (r *run) Extra() events.Extra {
	x := events.Extra{Surroundings: r.surroundings}
	r.surroundings = ""
	return x
}
