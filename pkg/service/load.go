package service

import (
	"context"
	"errors"
	"fmt"
	"io"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/evaluator"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/vary"
)

// Loader returns a coordinator.Config.Load that makes the program of a window out of the
// definition and the contexts in the object store. Starlark is run by evaluators, workers
// and commands by processes, which only what allow allows may have. What is not there, or
// is not a pipeline, will not become one by trying again.
func Loader(b *bus.Bus, evaluators *evaluator.Pool, processes exec.Config, allow *exec.Allow) func(context.Context, *events.WindowRequest) (coordinator.Program, error) {
	processes.Objects = objects{b}
	return func(ctx context.Context, r *events.WindowRequest) (coordinator.Program, error) {
		definition, contexts, err := Read(ctx, b, r)
		if err != nil {
			return nil, err
		}
		if definition.Kind == program.KindExec {
			if err := allow.Check(definition); err != nil {
				return nil, final(ctx, err, nil)
			}
		}
		load := func(ctx context.Context, definition *program.Definition) (coordinator.Program, error) {
			switch definition.Kind {
			case program.KindStarlark:
				compiled, err := evaluators.Compile(ctx, definition)
				if err != nil {
					return nil, final(ctx, err, evaluator.ErrUnavailable)
				}
				return evaluated{compiled, contexts, r, processes.Build}, nil
			case program.KindExec:
				loaded, err := exec.Load(ctx, processes, definition)
				if err != nil {
					return nil, final(ctx, err, exec.ErrUnavailable)
				}
				return executed{loaded, contexts, r}, nil
			}
			return nil, fmt.Errorf("definition: %w: this coordinator runs no tasks of kind %s: start the program that has them", coordinator.ErrProgram, definition.Kind)
		}
		whole, err := load(ctx, definition)
		if err != nil {
			return nil, err
		}
		return reducible{whole, definition, load}, nil
	}
}

// reducible is a program that can be made again without tasks of the shadow lane.
type reducible struct {
	coordinator.Program
	definition *program.Definition
	load       func(context.Context, *program.Definition) (coordinator.Program, error)
}

// Without implements [coordinator.Reducible].
func (p reducible) Without(ctx context.Context, shadow []string) (coordinator.Program, error) {
	left, err := p.definition.Without(shadow)
	if err != nil {
		return nil, final(ctx, err, nil)
	}
	return p.load(ctx, left)
}

// Close closes the program, if it wants to be closed.
func (p reducible) Close() error {
	if c, ok := p.Program.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// final makes an error of a definition one that trying again does not mend, unless it is of
// ctx or says passing.
func final(ctx context.Context, err, passing error) error {
	if ctx.Err() != nil || passing != nil && errors.Is(err, passing) {
		return err
	}
	return fmt.Errorf("definition: %w: %w", coordinator.ErrProgram, err)
}

// Read returns the definition and the contexts that a window names, which are in the
// object store. What is not there, or is not of the window, is a
// [coordinator.ErrProgram].
func Read(ctx context.Context, b *bus.Bus, r *events.WindowRequest) (*program.Definition, *program.Contexts, error) {
	definition, err := object(ctx, b, r.DefinitionSHA256, program.DecodeDefinition)
	if err == nil && definition.Name != r.Pipeline {
		err = fmt.Errorf("%w: it is of pipeline %s, the window is one of %s", coordinator.ErrProgram, definition.Name, r.Pipeline)
	}
	if err == nil && definition.Kind != r.Kind && r.Kind != events.Here {
		err = fmt.Errorf("%w: it is of kind %s, the window is one of %s", coordinator.ErrProgram, definition.Kind, r.Kind)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("definition: %w", err)
	}
	contexts, err := object(ctx, b, r.ContextsSHA256, program.DecodeContexts)
	if err == nil {
		if err = contexts.Covers(r.Ticks); err != nil {
			err = fmt.Errorf("%w: %w", coordinator.ErrProgram, err)
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("contexts: %w", err)
	}
	return definition, contexts, nil
}

// evaluated is a program whose ticks are run by evaluators.
type evaluated struct {
	*evaluator.Compiled
	contexts *program.Contexts
	request  *events.WindowRequest
	build    string
}

func (e evaluated) NewRun(of vary.Run) (coordinator.Run, error) {
	compiled := e.Compiled
	if of.Varied(vary.Order) {
		compiled = compiled.Reordered(of.Places)
	}
	run := compiled.NewRun()
	run.Ahead = func(number int64) (canon.Value, bool) {
		i := number - e.request.FirstTick
		if i >= e.request.Ticks {
			return "", false
		}
		return e.Context(i), true
	}
	around := process.Machine()
	around["build"] = e.build
	if of.Any() {
		of.Within(program.Variations(program.KindStarlark)).AddTo(around)
	}
	surroundings, err := canon.Of(around)
	return &evaluatedRun{run, surroundings}, err
}

// Context is the context of the i-th tick.
func (e evaluated) Context(i int64) canon.Value { return e.contexts.At(i) }

// evaluatedRun is a run that is tried again later when no evaluator can be started.
type evaluatedRun struct {
	*evaluator.Run
	surroundings canon.Value // "" once they were told
}

// Extra implements [coordinator.Recorder].
func (r *evaluatedRun) Extra() events.Extra {
	x := events.Extra{Surroundings: r.surroundings}
	r.surroundings = ""
	return x
}

func (r *evaluatedRun) Tick(ctx context.Context, number int64, budgets scheduler.Budgets, value any) (scheduler.Tick, error) {
	tick, err := r.Run.Tick(ctx, number, budgets, value)
	return tick, passing(err, evaluator.ErrUnavailable)
}

// passing makes an error that is one of unavailable one that is tried again.
func passing(err, unavailable error) error {
	if errors.Is(err, unavailable) {
		return fmt.Errorf("%w: %w", coordinator.ErrAgain, err)
	}
	return err
}

// executed is a program of workers and commands.
type executed struct {
	*exec.Program
	contexts *program.Contexts
	request  *events.WindowRequest
}

func (e executed) NewRun(of vary.Run) (coordinator.Run, error) {
	run, err := e.Program.NewRun(of)
	if err != nil {
		return nil, err
	}
	return executedRun{run}, nil
}

// Context is the context of the i-th tick.
func (e executed) Context(i int64) canon.Value { return e.contexts.At(i) }

// executedRun is a run that is tried again later when no process can be started.
type executedRun struct{ *exec.Run }

func (r executedRun) Tick(ctx context.Context, number int64, budgets scheduler.Budgets, value any) (scheduler.Tick, error) {
	tick, err := r.Run.Tick(ctx, number, budgets, value)
	return tick, passing(err, exec.ErrUnavailable)
}

// objects are the contents in the object store.
type objects struct{ bus *bus.Bus }

func (o objects) Open(ctx context.Context, sha256 string) (io.ReadCloser, error) {
	return o.bus.OpenObject(ctx, sha256)
}

func (o objects) Put(ctx context.Context, sha256 string, size int64, open func() (io.ReadCloser, error)) error {
	return o.bus.PutObjectFrom(ctx, sha256, size, open)
}

// object reads one object and decodes it.
func object[T any](ctx context.Context, b *bus.Bus, sha string, decode func([]byte) (T, error)) (T, error) {
	var none T
	data, err := b.GetObject(ctx, sha)
	if errors.Is(err, bus.ErrNotFound) || errors.Is(err, bus.ErrDamaged) {
		return none, fmt.Errorf("%w: %w", coordinator.ErrProgram, err)
	}
	if err != nil {
		return none, err
	}
	v, err := decode(data)
	if err != nil {
		return none, fmt.Errorf("%w: object %s: %w", coordinator.ErrProgram, sha, err)
	}
	return v, nil
}
