package service

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/evaluator"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service/coordinator"
)

// Loader returns a coordinator.Config.Load that makes the program of a window out of
// the definition and the contexts in the object store. Its ticks are run by evaluators.
// What is not there, or is no pipeline, will not become one by trying again.
func Loader(b *bus.Bus, evaluators *evaluator.Pool) func(context.Context, *events.WindowRequest) (coordinator.Program, error) {
	return func(ctx context.Context, r *events.WindowRequest) (coordinator.Program, error) {
		definition, err := object(ctx, b, r.DefinitionSHA256, program.DecodeDefinition)
		if err != nil {
			return nil, fmt.Errorf("definition: %w", err)
		}
		if definition.Name != r.Pipeline {
			return nil, fmt.Errorf("definition: %w: it is of pipeline %s, the window is one of %s", coordinator.ErrProgram, definition.Name, r.Pipeline)
		}
		contexts, err := object(ctx, b, r.ContextsSHA256, program.DecodeContexts)
		if err == nil {
			if err = contexts.Covers(r.Ticks); err != nil {
				err = fmt.Errorf("%w: %w", coordinator.ErrProgram, err)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("contexts: %w", err)
		}
		compiled, err := evaluators.Compile(ctx, definition)
		switch {
		case err == nil:
			return evaluated{compiled, contexts, r}, nil
		case ctx.Err() != nil, errors.Is(err, evaluator.ErrUnavailable):
			return nil, err
		}
		return nil, fmt.Errorf("definition: %w: %w", coordinator.ErrProgram, err)
	}
}

// evaluated is a program whose ticks are run by evaluators.
type evaluated struct {
	*evaluator.Compiled
	contexts *program.Contexts
	request  *events.WindowRequest
}

func (e evaluated) NewRun() (coordinator.Run, error) {
	run := e.Compiled.NewRun()
	run.Ahead = func(number int64) (canon.Value, bool) {
		i := number - e.request.FirstTick
		if i >= e.request.Ticks {
			return "", false
		}
		return e.Context(i), true
	}
	return evaluatedRun{run}, nil
}

// Context is the context of the i-th tick.
func (e evaluated) Context(i int64) canon.Value { return e.contexts.At(i) }

// evaluatedRun is a run that is tried again later when there is no evaluator to be had.
type evaluatedRun struct{ *evaluator.Run }

func (r evaluatedRun) Tick(ctx context.Context, number int64, budgets scheduler.Budgets, value any) (scheduler.Tick, error) {
	tick, err := r.Run.Tick(ctx, number, budgets, value)
	if errors.Is(err, evaluator.ErrUnavailable) {
		err = fmt.Errorf("%w: %w", coordinator.ErrAgain, err)
	}
	return tick, err
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
