package exec

import (
	"context"
	"errors"

	"abraxas.dev/ers/pkg/program"
)

// Ask starts a worker, and returns the tasks that it says it has.
func Ask(ctx context.Context, c Config, w *program.Worker) (tasks []program.Task, err error) {
	p, err := newProgram(c, &program.Definition{Name: "ask"})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	s := &server{key: serverKey{worker: w.Name}, program: p, variation: &variation{}, log: c.Log}
	if s.site, err = p.newSite(ctx, &w.Process, ""); err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	return declared(w.Name, s.hello), s.close()
}
