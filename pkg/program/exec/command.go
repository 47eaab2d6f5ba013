package exec

import (
	"context"
	"errors"

	"abraxas.dev/ers/pkg/scheduler"
)

// run runs a task's command.
func (r *Run) run(ctx context.Context, t *task, in *scheduler.Input) (any, error) {
	return nil, fatal(errors.New("to come"))
}
