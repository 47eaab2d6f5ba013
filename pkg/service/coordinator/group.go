package coordinator

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/events"
)

// Reducible is a Program that can be had without some tasks of its shadow lane.
type Reducible interface {
	// Without returns the program without these tasks. It is used and closed before the
	// whole one is closed. Errors are as those of Config.Load.
	Without(ctx context.Context, shadow []string) (Program, error)
}

// runGroup makes the runs of a group, with its tasks off. The groups come before the plain
// runs, one after the other, so that no shadow task of another run is at work meanwhile or
// has left something behind that they could find.
func (w *window) runGroup(ctx context.Context, g *events.RunGroup, fresh bool) error {
	program, err := w.without(ctx, g.Tasks)
	switch {
	case errors.Is(err, ErrProgram):
		return w.giveUpRuns(ctx, g.Runs, err)
	case err != nil:
		return fmt.Errorf("load the window's program without tasks of the shadow lane: %w", err)
	}
	reduced := *w
	reduced.program = program
	defer reduced.end("the program without tasks of the shadow lane", program)
	return reduced.runAll(ctx, g.Runs, fresh)
}

// without makes the window's program without some tasks.
func (w *window) without(ctx context.Context, tasks []string) (Program, error) {
	whole, ok := w.program.(Reducible)
	if !ok {
		return nil, fmt.Errorf("%w: a run without tasks of the shadow lane: this program cannot leave any out", ErrProgram)
	}
	return protectedLoad("the program without tasks of the shadow lane", func() (Program, error) { return whole.Without(ctx, tasks) })
}
