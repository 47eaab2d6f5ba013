package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

type submitCommand struct {
	windowFlags
	sureFlags
	connection
	creation
	limit
	Window uint64 `placeholder:"W" help:"Ask for the same as window W asked for, without its files."`
	NoWait bool   `help:"Print the window's name and leave."`
	answerFlags
	budgetFlags
}

func (*submitCommand) examples() string {
	return `  ers submit -f pipeline.yaml --nats nats://127.0.0.1:4222
  ers submit -f pipeline.yaml --no-wait        with NATS_URL set
  ers submit --window 17                       window 17 again, from the bus alone
  ers submit -f pipeline.yaml --spread         its runs by all coordinators, to compare machines
`
}

func (c *submitCommand) Run(ctx context.Context, io *streams) error {
	if c.NoWait && (c.JUnit != "" || c.GitHub || c.Strict || c.StrictBudgets || c.Lanes) {
		return errors.New("--no-wait leaves before there is a verdict for --junit, --github, --lanes, --strict or --strict-budgets: leave it out")
	}
	asks, err := c.prepare(ctx, io)
	if err == nil {
		err = c.check(len(asks), c.JSON)
	}
	if c.NoWait && c.Confidence+c.Rate != 0 {
		return errors.New("--no-wait leaves before there is a verdict, and --confidence and --rate make the next window after it: leave out one of them")
	}
	if err == nil {
		_, err = c.plan(events.MinRuns, c.drill(), len(asks)) // how many windows it is hangs on the request
	}
	if err == nil {
		err = c.begin()
	}
	if err != nil {
		return err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	config := c.config(c.log(io, zerolog.WarnLevel))
	config.Create, config.Replicas = c.CreateStreams, int(c.Replicas)
	b, err := c.connectWith(ctx, config)
	if err != nil {
		return io.noServer(outOfTime(ctx, err, ""))
	}
	w := startWaiting(ctx, io, b, false)
	err = c.submit(ctx, io, b, asks, w)
	if ctx.Err() != nil {
		w.goesOn()
	}
	return errors.Join(outOfTime(ctx, err, w.stop()), b.Close())
}

// submit asks for windows: for all of several budgets at once, and then waits for one after
// the other; or for as many of one request as it takes to be sure.
func (c *submitCommand) submit(ctx context.Context, io *streams, b *bus.Bus, asks []ask, w *waiting) error {
	var keys []events.WindowKey
	for _, a := range asks {
		r, err := a.request(ctx, b)
		if err != nil {
			return err
		}
		if plan, err := c.plan(r.Plain(), r.Drill, len(asks)); plan != nil || err != nil {
			return errors.Join(err, c.series(ctx, io, b, plan, a, r, w))
		}
		key, err := a.send(ctx, b, r)
		if err == nil {
			w.forWindow(key)
			err = c.name(io, key, a.budget)
		}
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	if c.NoWait {
		return nil
	}
	return c.awaitAll(ctx, io, b, keys, w, &c.budgetFlags)
}

// series makes the windows of a plan.
func (c *submitCommand) series(ctx context.Context, io *streams, b *bus.Bus, p *plan, a ask, r *events.WindowRequest, w *waiting) error {
	if p == nil {
		return nil
	}
	make := func(ctx context.Context, change func(*events.WindowRequest)) (*events.Verdict, []byte, error) {
		next := *r
		change(&next)
		key, err := a.send(ctx, b, &next)
		if err == nil {
			w.forWindow(key)
			err = c.name(io, key, a.budget)
		}
		if err != nil {
			return nil, nil, err
		}
		return awaited(ctx, io, b, key, w)
	}
	v, err := windows(ctx, io, b, p, c.JSON, make, func(v *events.Verdict, document []byte) error {
		return tellVerdict(ctx, io, b, v, document, &c.answerFlags)
	})
	return errors.Join(err, c.draw(ctx, io, b, v))
}

// name says which window was asked for: as a result where it is not waited for.
func (c *submitCommand) name(io *streams, key events.WindowKey, budget string) error {
	if !c.NoWait {
		_, err := fmt.Fprintf(io.err, "window %d is asked for, waiting for its verdict\n", key.Window)
		return err
	}
	if c.JSON {
		return printJSON(io, struct {
			Pipeline string `json:"pipeline"`
			Window   uint64 `json:"window"`
			Request  string `json:"request"`
			Budget   string `json:"budget,omitempty"`
		}{key.Pipeline, key.Window, key.Request, budget})
	}
	text := fmt.Sprintf("window %d", key.Window)
	if budget != "" {
		text += " of budget " + budget
	}
	_, err := fmt.Fprintln(io.out, text)
	return err
}

// ask is a window that is to be asked for.
type ask struct {
	budget  string // the name of one of several; "" for none
	request func(context.Context, *bus.Bus) (*events.WindowRequest, error)
	send    func(context.Context, *bus.Bus, *events.WindowRequest) (events.WindowKey, error)
}

// prepare finds every mistake in the flags and files before anything is sent.
func (c *submitCommand) prepare(ctx context.Context, io *streams) ([]ask, error) {
	if c.Window != 0 {
		if c.File != "" || c.Budget != "" {
			return nil, errors.New("give either -f FILE or --window W, and --budget with the first alone")
		}
		if c.Shadow != nil {
			return nil, errors.New("--shadow-check needs the pipeline file: give -f FILE in place of --window W, which asks for the runs that the window had")
		}
		again := func(ctx context.Context, b *bus.Bus) (*events.WindowRequest, error) { return c.again(ctx, io, b) }
		return []ask{{request: again, send: client.Request}}, nil
	}
	f, err := c.load(ctx, io)
	if err != nil {
		return nil, err
	}
	windows := f.Each()
	locks, err := locksOf(io, windows)
	if err != nil {
		return nil, err
	}
	var asks []ask
	for i, one := range windows {
		asks = append(asks, ask{
			budget: one.BudgetName,
			request: func(context.Context, *bus.Bus) (*events.WindowRequest, error) {
				r := one.Request()
				c.requestWith(io, locks[i])(&r)
				return &r, nil
			},
			send: func(ctx context.Context, b *bus.Bus, r *events.WindowRequest) (events.WindowKey, error) {
				return client.Submit(ctx, b, one, func(next *events.WindowRequest) { *next = *r })
			},
		})
	}
	return asks, nil
}

// again returns what an earlier window asked for, as the flags change it. The drill of
// that window is part of it.
func (c *submitCommand) again(ctx context.Context, io *streams, b *bus.Bus) (*events.WindowRequest, error) {
	r, _, err := client.Get(ctx, b, c.Window)
	if err != nil {
		return nil, err
	}
	if r.Kind == events.Here { // no coordinator of the server would ever take it
		return nil, fmt.Errorf("window %d was run by the process that asked for it, on a folder of its own machine: run that again, %s", c.Window, cmp.Or(report.Command(r.Reproduce), "`ers try`"))
	}
	if c.Runs != nil {
		r.SetPlain(*c.Runs)
	}
	if c.Ticks != nil {
		r.Ticks = *c.Ticks
	}
	if c.FirstTick != nil {
		r.FirstTick = *c.FirstTick
	}
	if c.Spread != nil {
		r.Spread = *c.Spread
	}
	if r.Variations, r.Fixed, err = c.surroundings(r.Kind, r.Variations, r.Fixed); err != nil {
		return nil, err
	}
	if c.Latch != nil {
		r.Latch = &c.Latch.Latch
	}
	if c.Drill != nil {
		r.Drill = &c.Drill.Drill
	}
	r.Reproduce = io.commandLine()
	return r, nil
}
