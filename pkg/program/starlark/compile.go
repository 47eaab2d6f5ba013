package starlark

import (
	"context"
	"errors"
	"fmt"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/scheduler"
)

// Program is a compiled definition. It is immutable: its schedulers may run in
// parallel.
type Program struct {
	tasks []*code
}

// Compile compiles the Starlark of all tasks, and runs what stands outside of their
// functions. Without a program there is a fault. The definition must be of kind Starlark.
func Compile(d *program.Definition) (*Program, *program.Fault) {
	if d.Kind != program.KindStarlark {
		return nil, program.Faultf("/kind", "the tasks are of kind %s, and not in Starlark", d.Kind)
	}
	p := new(Program)
	for i := range d.Tasks {
		code, list := compile(&d.Tasks[i])
		if code == nil {
			return nil, list[0].In(program.TaskPointer(i))
		}
		p.tasks = append(p.tasks, code)
	}
	return p, nil
}

// Faults returns all that keep the Starlark of a task from being compiled, with pointers
// from the task on.
func Faults(t *program.Task) []*program.Fault {
	_, list := compile(t)
	return list
}

// Scheduler returns a fresh scheduler for one run.
func (p *Program) Scheduler() (*scheduler.Scheduler, error) { return p.Loud(nil) }

// Loud returns a scheduler that calls begin, if not nil, with the name of each task before
// it is run.
func (p *Program) Loud(begin func(task string)) (*scheduler.Scheduler, error) {
	s, contexts := scheduler.New(), new(memo)
	for _, code := range p.tasks {
		run := func(stop context.Context, in *scheduler.Input) (any, error) {
			if begin != nil {
				begin(code.task.Name)
			}
			return code.call(stop, in, contexts)
		}
		if err := s.Add(code.task.Schedule(run)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// code is the compiled Starlark of a task.
type code struct {
	task *program.Task
	run  *starlark.Function // frozen
}

// dialect is Starlark as the package comment describes it.
var dialect = syntax.FileOptions{Set: true}

// predeclared are the names that Starlark code has besides the universal ones.
var predeclared = starlark.StringDict{
	"json":           jsonModule,
	"math":           mathModule,
	"not_computable": starlark.NewBuiltin("not_computable", notComputable),
}

func notComputable(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var reason string
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "reason", &reason); err != nil {
		return nil, err
	}
	return nil, scheduler.NotComputable(reason)
}

// compile compiles the code of a task and runs what stands outside of functions. Without
// code there is a fault.
func compile(t *program.Task) (*code, []*program.Fault) {
	_, compiled, err := starlark.SourceProgramOptions(&dialect, t.Starlark.File, t.Starlark.Source, predeclared.Has)
	if err != nil {
		return nil, compileFaults(err)
	}
	var faults []*program.Fault
	for i := range compiled.NumLoads() {
		_, pos := compiled.Load(i)
		faults = append(faults, sourceFault(pos, "load is not available: a task is one file"))
	}
	if faults != nil {
		return nil, faults
	}
	thread := newThread(t)
	globals, err := compiled.Init(thread, predeclared)
	if err != nil {
		pos, msg := explain(t, thread, err)
		return nil, []*program.Fault{sourceFault(pos, msg)}
	}
	globals.Freeze()
	run, ok := globals["run"].(*starlark.Function)
	if !ok {
		return nil, []*program.Fault{sourceFault(syntax.MakePosition(nil, 1, 1), "there is no function run: add def run(ctx):")}
	}
	if run.NumParams() != 1 || run.NumKwonlyParams() > 0 || run.HasVarargs() || run.HasKwargs() {
		return nil, []*program.Fault{sourceFault(run.Position(), "the function run must take one argument: def run(ctx):")}
	}
	return &code{t, run}, nil
}

// compileFaults words what the Starlark compiler found: the parser stops at the first
// mistake, names are looked up to the end.
func compileFaults(err error) (list []*program.Fault) {
	if names, ok := errors.AsType[resolve.ErrorList](err); ok && len(names) > 0 {
		for _, e := range names {
			list = append(list, sourceFault(e.Pos, e.Msg))
		}
		return list
	}
	if e, ok := errors.AsType[syntax.Error](err); ok {
		return []*program.Fault{sourceFault(e.Pos, e.Msg)}
	}
	return []*program.Fault{program.Faultf("/starlark", "Starlark: %v", err)}
}

func sourceFault(pos syntax.Position, msg string) *program.Fault {
	f := program.Faultf("/starlark", "Starlark: %s", msg)
	f.Line, f.Column = max(int(pos.Line), 1), max(int(pos.Col), 1)
	return f
}

// call runs the task once. Nothing outlives it: the globals are frozen, and the
// result leaves as plain values. At the word to stop it ends after the operation that
// it is in.
func (c *code) call(stop context.Context, in *scheduler.Input, contexts *memo) (any, error) {
	thread := newThread(c.task)
	if stop.Done() != nil {
		release := context.AfterFunc(stop, func() { thread.Cancel("asked to stop") })
		defer release()
	}
	v, err := starlark.Call(thread, c.run, starlark.Tuple{newContext(in, contexts)}, nil)
	if errors.Is(err, scheduler.ErrNotComputable) {
		return nil, err
	}
	if err != nil {
		pos, msg := explain(c.task, thread, err)
		return nil, fmt.Errorf("%s (%s)", msg, pos)
	}
	result, err := fromStarlark(v)
	if err != nil {
		return nil, fmt.Errorf("the result %w", err)
	}
	return result, nil
}

func newThread(t *program.Task) *starlark.Thread {
	thread := &starlark.Thread{Name: t.Name, Print: func(*starlark.Thread, string) {}}
	thread.SetMaxExecutionSteps(uint64(t.Starlark.Steps))
	return thread
}

// explain returns what went wrong in a thread, and where in Starlark code.
func explain(t *program.Task, thread *starlark.Thread, err error) (pos syntax.Position, msg string) {
	msg = err.Error()
	if thread.Steps >= uint64(t.Starlark.Steps) {
		msg = fmt.Sprintf("stopped after %d steps: let it do less, or raise steps", t.Starlark.Steps)
	}
	pos = syntax.MakePosition(&t.Starlark.File, 0, 0)
	if e, ok := errors.AsType[*starlark.EvalError](err); ok {
		for _, frame := range e.CallStack { // outermost first; functions of Go have no place
			if frame.Pos.Filename() == t.Starlark.File {
				pos = frame.Pos
			}
		}
	}
	return pos, msg
}
