package pipeline

import (
	"errors"
	"fmt"

	"go.starlark.net/lib/math"
	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"abraxas.dev/ers/pkg/scheduler"
)

// Program is a compiled definition. It is immutable: its schedulers may run in
// parallel.
type Program struct {
	tasks []*code
}

// Compile compiles the Starlark of all tasks. It fails only on a definition that
// neither Load nor DecodeDefinition has made.
func (d *Definition) Compile() (*Program, error) {
	p := new(Program)
	for i := range d.Tasks {
		code, f := d.Tasks[i].compile()
		if f != nil {
			return nil, f.in(taskPointer(i)).plain()
		}
		p.tasks = append(p.tasks, code)
	}
	return p, nil
}

// Scheduler returns a fresh scheduler for one run.
func (p *Program) Scheduler() (*scheduler.Scheduler, error) {
	s, contexts := scheduler.New(), new(memo)
	for _, code := range p.tasks {
		if err := s.Add(code.schedule(contexts)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// code is the compiled Starlark of a task.
type code struct {
	task *Task
	run  *starlark.Function // frozen
}

// dialect is Starlark as the package comment describes it.
var dialect = syntax.FileOptions{Set: true}

// predeclared are the names that Starlark code has besides the universal ones.
var predeclared = starlark.StringDict{
	"json":           jsonModule,
	"math":           math.Module,
	"not_computable": starlark.NewBuiltin("not_computable", notComputable),
}

func notComputable(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var reason string
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "reason", &reason); err != nil {
		return nil, err
	}
	return nil, scheduler.NotComputable(reason)
}

// compile compiles the code of a task and runs what stands outside of functions.
func (t *Task) compile() (*code, *fault) {
	_, program, err := starlark.SourceProgramOptions(&dialect, t.File, t.Starlark, predeclared.Has)
	if err != nil {
		return nil, compileFault(err)
	}
	if program.NumLoads() > 0 {
		_, pos := program.Load(0)
		return nil, sourceFault(pos, "load is not available: a task is one file")
	}
	thread := t.thread()
	globals, err := program.Init(thread, predeclared)
	if err != nil {
		pos, msg := t.explain(thread, err)
		return nil, sourceFault(pos, msg)
	}
	globals.Freeze()
	run, ok := globals["run"].(*starlark.Function)
	if !ok {
		return nil, sourceFault(syntax.MakePosition(nil, 1, 1), "there is no function run: add def run(ctx):")
	}
	if run.NumParams() != 1 || run.NumKwonlyParams() > 0 || run.HasVarargs() || run.HasKwargs() {
		return nil, sourceFault(run.Position(), "the function run must take one argument: def run(ctx):")
	}
	return &code{t, run}, nil
}

// compileFault words what the Starlark compiler found first.
func compileFault(err error) *fault {
	if list, ok := errors.AsType[resolve.ErrorList](err); ok && len(list) > 0 {
		return sourceFault(list[0].Pos, list[0].Msg)
	}
	if e, ok := errors.AsType[syntax.Error](err); ok {
		return sourceFault(e.Pos, e.Msg)
	}
	return faultf("/starlark", "Starlark: %v", err)
}

func sourceFault(pos syntax.Position, msg string) *fault {
	f := faultf("/starlark", "Starlark: %s", msg)
	f.source = spot{max(int(pos.Line), 1), max(int(pos.Col), 1)}
	return f
}

// schedule returns the task for a scheduler, of which the tasks share contexts.
func (c *code) schedule(contexts *memo) scheduler.Task {
	t := c.task
	return scheduler.Task{Name: t.Name, Lane: t.Lane, Priority: t.Priority, Cost: t.Cost, Tags: t.Tags,
		Run: func(in *scheduler.Input) (any, error) { return c.call(in, contexts) }}
}

// call runs the task once. Nothing outlives it: the globals are frozen, and the
// result leaves as plain values.
func (c *code) call(in *scheduler.Input, contexts *memo) (any, error) {
	thread := c.task.thread()
	v, err := starlark.Call(thread, c.run, starlark.Tuple{newContext(in, contexts)}, nil)
	if errors.Is(err, scheduler.ErrNotComputable) {
		return nil, err
	}
	if err != nil {
		pos, msg := c.task.explain(thread, err)
		return nil, fmt.Errorf("%s (%s)", msg, pos)
	}
	result, err := fromStarlark(v)
	if err != nil {
		return nil, fmt.Errorf("the result %w", err)
	}
	return result, nil
}

func (t *Task) thread() *starlark.Thread {
	thread := &starlark.Thread{Name: t.Name, Print: func(*starlark.Thread, string) {}}
	thread.SetMaxExecutionSteps(uint64(t.Steps))
	return thread
}

// explain returns what went wrong in a thread, and where in Starlark code.
func (t *Task) explain(thread *starlark.Thread, err error) (pos syntax.Position, msg string) {
	msg = err.Error()
	if thread.Steps >= uint64(t.Steps) {
		msg = fmt.Sprintf("stopped after %d steps: let it do less, or raise steps", t.Steps)
	}
	pos = syntax.MakePosition(&t.File, 0, 0)
	if e, ok := errors.AsType[*starlark.EvalError](err); ok {
		for _, frame := range e.CallStack { // outermost first; functions of Go have no place
			if frame.Pos.Filename() == t.File {
				pos = frame.Pos
			}
		}
	}
	return pos, msg
}
