// Package service runs coordinator, hasher and gate with its feed in one process, as
// `ers run`, `ers check` and `ers up` do. They speak to each other through the bus alone, just
// as they do in processes of their own.
package service

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/service/feed"
	"abraxas.dev/ers/pkg/service/gate"
	"abraxas.dev/ers/pkg/service/hasher"
)

// Config is what the services of one process need.
type Config struct {
	Bus  *bus.Bus
	Log  zerolog.Logger
	Load func(context.Context, *events.WindowRequest) (coordinator.Program, error) // nil: Starlark pipelines from the object store
}

// Ballast makes the heap look larger to the collector for as long as it is referred to,
// so that the collector does not run every few milliseconds where little is kept and much
// is passed on, as with the server in the process. It is never touched and takes no
// memory. A larger GOGC would do the same for a small heap, but take gigabytes where the
// server keeps what was written in the last seconds.
func Ballast() []byte { return make([]byte, 128<<20) }

// Run runs the three services until ctx ends or one of them cannot go on.
func Run(ctx context.Context, c Config) error {
	ballast := Ballast()
	defer runtime.KeepAlive(ballast)
	if c.Load == nil {
		c.Load = Loader(c.Bus)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return coordinator.New(coordinator.Config{Bus: c.Bus, Load: c.Load, Log: c.Log}).Run(ctx)
	})
	group.Go(func() error { return hasher.New(hasher.Config{Bus: c.Bus, Log: c.Log}).Run(ctx) })
	group.Go(func() error {
		return feed.New(feed.Config{Bus: c.Bus, Log: c.Log}).Beside(ctx, gate.New(gate.Config{Bus: c.Bus, Log: c.Log}).Run)
	})
	return group.Wait()
}

// Loader returns a coordinator.Config.Load that makes the program of a window out of
// the definition and the contexts in the object store. What is not there, or is no
// pipeline, will not become one by trying again.
func Loader(b *bus.Bus) func(context.Context, *events.WindowRequest) (coordinator.Program, error) {
	return func(ctx context.Context, r *events.WindowRequest) (coordinator.Program, error) {
		definition, err := object(ctx, b, r.DefinitionSHA256, pipeline.DecodeDefinition)
		if err != nil {
			return nil, fmt.Errorf("definition: %w", err)
		}
		if definition.Name != r.Pipeline {
			return nil, fmt.Errorf("definition: %w: it is of pipeline %s, the window is one of %s", coordinator.ErrProgram, definition.Name, r.Pipeline)
		}
		contexts, err := object(ctx, b, r.ContextsSHA256, pipeline.DecodeContexts)
		if err == nil {
			if err = contexts.Covers(r.Ticks); err != nil {
				err = fmt.Errorf("%w: %w", coordinator.ErrProgram, err)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("contexts: %w", err)
		}
		compiled, err := definition.Compile()
		if err != nil {
			return nil, fmt.Errorf("definition: %w: %w", coordinator.ErrProgram, err)
		}
		return program{compiled, contexts}, nil
	}
}

type program struct {
	*pipeline.Program
	*pipeline.Contexts
}

// Context is the context of the i-th tick.
func (p program) Context(i int64) canon.Value { return p.At(i) }

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
