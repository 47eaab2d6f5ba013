package service

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/starlark"
	"abraxas.dev/ers/pkg/service/coordinator"
)

// Loader returns a coordinator.Config.Load that makes the program of a window out of
// the definition and the contexts in the object store. What is not there, or is no
// pipeline, will not become one by trying again.
func Loader(b *bus.Bus) func(context.Context, *events.WindowRequest) (coordinator.Program, error) {
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
		compiled, fault := starlark.Compile(definition)
		if fault != nil {
			return nil, fmt.Errorf("definition: %w: %w", coordinator.ErrProgram, fault.Plain())
		}
		return tasks{compiled, contexts}, nil
	}
}

type tasks struct {
	*starlark.Program
	*program.Contexts
}

func (t tasks) NewRun() (coordinator.Run, error) { return t.Scheduler() }

// Context is the context of the i-th tick.
func (t tasks) Context(i int64) canon.Value { return t.At(i) }

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
