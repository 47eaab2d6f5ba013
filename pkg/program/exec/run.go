package exec

import (
	"context"
	"errors"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/vary"
)

// Run is one run of a program: a scheduler whose tasks ask the processes. It is used by one
// goroutine at a time.
type Run struct {
	*Program
	log       zerolog.Logger
	scheduler *scheduler.Scheduler
	servers   map[serverKey]*server // of this run, when it has begun
	commands  map[string]any        // what is recorded of the tasks' commands, when they have run
	around    bool                  // the surroundings are recorded
	variation variation
	extra     events.Extra      // of the last tick
	ruled     []scheduler.Ruled // what rules found in what commands came to in it
	broken    error             // what ended a process: no task of the tick means anything
}

// serverKey names a worker's process of a run.
type serverKey struct {
	worker string
	lane   events.Lane
}

// SetLog says where the run's processes write what they say on standard error.
func (r *Run) SetLog(log zerolog.Logger) { r.log = log }

// NewRun returns a run that stands before its first tick. Its processes start with it.
func (p *Program) NewRun(of vary.Run) (*Run, error) {
	r := &Run{Program: p, log: p.Log, scheduler: scheduler.New(), variation: variation{Run: of}}
	r.variation.beside(len(p.definition.Tasks), len(p.workers) > 0)
	for _, i := range of.Places(len(p.definition.Tasks)) {
		t := p.tasks[p.definition.Tasks[i].Name]
		attempt := r.ask
		if t.Command != nil {
			attempt = r.run
		}
		err := r.scheduler.Add(t.Schedule(func(ctx context.Context, in *scheduler.Input) (any, error) {
			if r.broken != nil {
				return nil, r.broken
			}
			v, err := attempt(ctx, t, in)
			if fatal, ok := errors.AsType[*fatalError](err); ok {
				r.broken = fatal.err
			}
			return v, err
		}))
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

// fatalError is what says nothing about a task: the run is given up.
type fatalError struct{ err error }

func (f *fatalError) Error() string { return f.err.Error() }
func (f *fatalError) Unwrap() error { return f.err }

// fatal makes an error one that gives the run up.
func fatal(err error) error {
	if err == nil {
		return nil
	}
	return &fatalError{err}
}

// Tick runs the tasks once. An error is that of ctx, an ErrUnavailable, or says what
// happened to a process, and no tick can be run after it.
func (r *Run) Tick(ctx context.Context, number int64, budgets scheduler.Budgets, value any) (scheduler.Tick, error) {
	if r.broken != nil {
		return scheduler.Tick{}, r.broken
	}
	r.extra, r.ruled = events.Extra{}, nil
	if r.servers == nil {
		if err := r.start(ctx); err != nil {
			r.broken = err
			return scheduler.Tick{}, err
		}
	}
	tick, err := r.scheduler.Tick(ctx, number, budgets, value)
	if err == nil {
		err = r.broken
	}
	if err == nil && !r.around {
		r.extra.Surroundings, err = r.surroundings()
	}
	tick.Ruled = append(tick.Ruled, r.ruled...)
	return tick, err
}

// start starts the processes of the run's workers, and waits until all are ready.
func (r *Run) start(ctx context.Context) error {
	r.servers = make(map[serverKey]*server)
	for _, t := range r.tasks {
		if key := (serverKey{t.Worker, t.Lane}); t.Worker != "" && r.servers[key] == nil {
			r.servers[key] = &server{key: key, site: r.workers[t.Worker], program: r.Program, variation: &r.variation, log: r.log}
		}
	}
	var group errgroup.Group
	for _, s := range r.servers {
		group.Go(func() error { return s.start(ctx) })
	}
	return group.Wait()
}

// ask has a task run by its worker.
func (r *Run) ask(ctx context.Context, t *task, in *scheduler.Input) (any, error) {
	answer, err := r.servers[serverKey{t.Worker, t.Lane}].ask(ctx, t, in)
	switch {
	case err != nil:
		return nil, fatal(err)
	case answer.Status == events.NotComputable:
		return nil, scheduler.NotComputable(answer.Error)
	case answer.Status == events.Error:
		return nil, errors.New(answer.Error)
	}
	return answer.Value, nil
}

// Extra is what belongs to the last tick beside its events and results.
func (r *Run) Extra() events.Extra {
	r.around = true
	return r.extra
}

// Stateful tells that the run has workers, which may keep something from tick to tick.
func (r *Run) Stateful() bool { return len(r.workers) > 0 }

// Apart tells that the run's ticks are computed by workers while this process waits.
func (r *Run) Apart() bool { return len(r.workers) > 0 }

// SetPrevious makes the next tick see these results, of the forecast lane, as those of the
// previous tick: for a run that is not [Run.Stateful].
func (r *Run) SetPrevious(results []events.TaskResult) { r.scheduler.SetPrevious(results) }

// Close ends the run's processes: they are told, and then ended.
func (r *Run) Close() error {
	var group errgroup.Group
	for _, s := range r.servers {
		group.Go(s.close)
	}
	return group.Wait()
}
