package evaluator

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/scheduler"
)

// DefaultMemory is the bound on one evaluator's memory where none is given.
const DefaultMemory = 1 << 30

// Config is what a pool needs.
type Config struct {
	Memory int64 // bytes that one evaluator may take; 0 means DefaultMemory
	Log    zerolog.Logger
}

// Pool has evaluators, no more than there are processors. Safe for concurrent use.
type Pool struct {
	Config
	alive  chan struct{} // one for each evaluator that there is, or that is being started
	free   chan *child
	mu     sync.Mutex
	closed bool
}

// New returns a pool that has not started anything yet.
func New(c Config) *Pool {
	if c.Memory <= 0 {
		c.Memory = DefaultMemory
	}
	most := runtime.GOMAXPROCS(0)
	return &Pool{Config: c, alive: make(chan struct{}, most), free: make(chan *child, most)}
}

// Warm starts an evaluator beside whatever else goes on, so that the first tick need not
// wait for it.
func (p *Pool) Warm(ctx context.Context) {
	select {
	case p.alive <- struct{}{}:
	default:
		return // there are enough
	}
	go func() {
		if c, err := p.start(ctx); err == nil {
			p.give(c)
		}
	}()
}

// Close ends the evaluators that have nothing to do, and each of the others when it has.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for {
		select {
		case c := <-p.free:
			c.close()
		default:
			return nil
		}
	}
}

// worthAStart is how long a question waits for an evaluator before another is started,
// which takes about as long.
const worthAStart = 20 * time.Millisecond

// take returns an evaluator that has nothing to do. It goes back with give.
func (p *Pool) take(ctx context.Context) (*child, error) {
	if len(p.alive) > 0 {
		timer := time.NewTimer(worthAStart)
		defer timer.Stop()
		select {
		case c := <-p.free:
			return c, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
		}
	}
	select {
	case c := <-p.free:
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case p.alive <- struct{}{}:
		return p.start(ctx)
	}
}

// start starts an evaluator that is counted already.
func (p *Pool) start(ctx context.Context) (*child, error) {
	c, err := startChild(ctx, p.Memory)
	if err != nil {
		<-p.alive
	}
	return c, err
}

// give takes an evaluator back.
func (p *Pool) give(c *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.free <- c
		return
	}
	c.close()
	<-p.alive
}

// tries is how many evaluators may die of the same question.
const tries = 2

// with has do ask an evaluator. When it dies it is done again by a new one, which holds
// nothing but what do brings, so that it is not others' doing when it dies too.
func (p *Pool) with(ctx context.Context, on string, do func(c *child, last bool) error) error {
	c, err := p.take(ctx)
	for try := 1; err == nil; try++ {
		err = do(c, try == tries)
		dead, died := errors.AsType[*deathError](err)
		switch {
		case died && try < tries:
			p.Log.Warn().Str("on", on).Str("reason", dead.Error()).Msg("an evaluator ended, another one tries again")
			c, err = p.start(ctx)
		case died:
			<-p.alive
			return fmt.Errorf("the evaluator ended %d times on %s: %w", tries, on, err)
		case ctx.Err() != nil:
			c.kill() // it is on its way out, or soon would be
			<-p.alive
			return ctx.Err()
		default:
			p.give(c)
			return err
		}
	}
	return err
}

// Compiled is a definition that compiles. Its runs may go on in parallel.
type Compiled struct {
	pool       *Pool
	of         *program.Definition
	definition string
	sha256     string
}

// Compile has a definition compiled. A mistake in it is an [program.ErrInvalid]; the
// other errors are that of ctx, an ErrUnavailable, and that the evaluators died of it.
func (p *Pool) Compile(ctx context.Context, d *program.Definition) (*Compiled, error) {
	made := p.compiled(d)
	err := p.with(ctx, "the definition", func(c *child, _ bool) error { return c.define(ctx, made.definition) })
	if err != nil {
		return nil, err
	}
	return made, nil
}

func (p *Pool) compiled(d *program.Definition) *Compiled {
	made := &Compiled{pool: p, of: d, definition: string(d.Encode())}
	made.sha256 = canon.Sum([]byte(made.definition)).String()
	return made
}

// Reordered is the same with its tasks added in another order: that must not matter.
// places gives the place of each in the definition.
func (c *Compiled) Reordered(places func(n int) []int) *Compiled {
	d := *c.of
	d.Tasks = nil
	for _, i := range places(len(c.of.Tasks)) {
		d.Tasks = append(d.Tasks, c.of.Tasks[i])
	}
	return c.pool.compiled(&d)
}

// NewRun returns a run that stands before its first tick.
func (c *Compiled) NewRun() *Run { return &Run{Compiled: c} }

// Run is one run of a pipeline: what its next tick sees of the one before. It is used by
// one goroutine at a time.
type Run struct {
	*Compiled

	// Ahead, if not nil, returns the context of a tick that will be asked for later with
	// the same budgets, or false. Several ticks are then run at a stroke, which saves most
	// of what it takes to ask.
	Ahead func(number int64) (canon.Value, bool)

	previous []events.TaskResult
	budgets  events.Budgets
	ready    []scheduler.Tick // that were run ahead
	contexts []canon.Value    // of these
	slowly   int              // so many ticks are not run ahead: something is wrong hereabouts
}

// maxTicks is how many ticks are asked for at most at a stroke.
const maxTicks = 32

// Tick runs the tasks once, as [scheduler.Scheduler.Tick] does in this process. The other
// errors are an ErrUnavailable, and that the evaluators died of the tick.
func (r *Run) Tick(ctx context.Context, number int64, budgets scheduler.Budgets, value any) (scheduler.Tick, error) {
	shown, err := canon.Of(value)
	if err != nil {
		return scheduler.Tick{}, fmt.Errorf("context of tick %d: %w", number, err)
	}
	if len(r.ready) == 0 || r.ready[0].Tick.Tick != number || r.contexts[0] != shown || r.budgets != budgets {
		if err := r.ask(ctx, number, budgets, shown); err != nil {
			return scheduler.Tick{}, err
		}
	}
	tick := r.ready[0]
	r.ready, r.contexts = r.ready[1:], r.contexts[1:]
	forecast := 0 // results of the forecast lane, which come first
	for forecast < len(tick.Results) && tick.Results[forecast].Lane == events.Forecast {
		forecast++
	}
	r.previous = tick.Results[:forecast:forecast]
	tick.Remaining = remaining(budgets, tick.Results)
	return tick, nil
}

// ask has a tick run, and some of those that come after it.
func (r *Run) ask(ctx context.Context, number int64, budgets events.Budgets, shown canon.Value) error {
	t := ticksRequest{definition: r.sha256, first: number, budgets: budgets, contexts: []canon.Value{shown}, previous: r.previous}
	if r.slowly > 0 {
		r.slowly--
	} else if r.Ahead != nil {
		t.ahead(r.Ahead)
	}
	r.ready, r.budgets = nil, budgets
	return r.pool.with(ctx, fmt.Sprint("tick ", number), func(c *child, last bool) (err error) {
		if last {
			// It may have been a later tick that ended the evaluator. If it is this one it
			// can be told in which task.
			t.contexts, t.loud, r.slowly = t.contexts[:1], true, maxTicks
		}
		r.ready, err = c.ticks(ctx, &t, r.definition)
		r.contexts = t.contexts
		return err
	})
}

// ahead adds the contexts of ticks that will be asked for later.
func (t *ticksRequest) ahead(context func(number int64) (canon.Value, bool)) {
	size := 0
	for i := int64(1); i < maxTicks && size < maxAheadBytes; i++ {
		c, ok := context(t.first + i)
		if !ok {
			return
		}
		if c != t.contexts[i-1] {
			size += len(c)
		}
		t.contexts = append(t.contexts, c)
	}
}

// remaining is what the tasks left of the budgets.
func remaining(b events.Budgets, results []events.TaskResult) events.Budgets {
	for i := range results {
		lane := &b.Forecast
		if results[i].Lane == events.Shadow {
			lane = &b.Shadow
		}
		lane.Ops -= results[i].CostOps
		lane.Entropy -= results[i].CostEntropy
	}
	return b
}

// SetPrevious makes the next tick see these results, of the forecast lane, as those of the
// previous tick.
func (r *Run) SetPrevious(results []events.TaskResult) {
	r.previous, r.ready = nil, nil
	for i := range results {
		if results[i].Lane == events.Forecast {
			r.previous = append(r.previous, results[i])
		}
	}
}

// Close does nothing: an evaluator keeps nothing of a run.
func (r *Run) Close() error { return nil }
