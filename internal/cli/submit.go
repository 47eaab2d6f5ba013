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
)

type submitCommand struct {
	windowFlags
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
`
}

func (c *submitCommand) Run(ctx context.Context, io *streams) error {
	if c.NoWait && (c.JUnit != "" || c.GitHub || c.StrictBudgets || c.Lanes) {
		return errors.New("--no-wait leaves before there is a verdict for --junit, --github, --lanes or --strict-budgets: leave it out")
	}
	asks, err := c.prepare(ctx, io)
	if err == nil {
		err = c.check(len(asks), c.JSON)
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
	config.Create, config.Replicas = c.CreateStreams, c.Replicas
	b, err := c.connectWith(ctx, config)
	if err != nil {
		return io.noServer(outOfTime(ctx, err, ""))
	}
	w := startWaiting(ctx, io, b, false)
	err = c.askAll(ctx, io, b, asks, w)
	return errors.Join(outOfTime(ctx, err, w.stop()), b.Close())
}

// askAll asks for all windows at once, and then waits for one after the other.
func (c *submitCommand) askAll(ctx context.Context, io *streams, b *bus.Bus, asks []ask, w *waiting) error {
	var keys []events.WindowKey
	for _, a := range asks {
		key, err := a.send(ctx, b)
		if err == nil && c.NoWait {
			err = c.name(io, key, a.budget)
		}
		if err != nil {
			return err
		}
		keys = append(keys, key)
		if !c.NoWait {
			fmt.Fprintf(io.err, "window %d is asked for, waiting for its verdict\n", key.Window)
		}
	}
	if c.NoWait {
		return nil
	}
	return c.awaitAll(ctx, io, b, keys, w, &c.budgetFlags)
}

// name prints the name of a window that is not waited for.
func (c *submitCommand) name(io *streams, key events.WindowKey, budget string) error {
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
	budget string // the name of one of several; "" for none
	send   func(context.Context, *bus.Bus) (events.WindowKey, error)
}

// prepare finds every mistake in the flags and files before anything is sent.
func (c *submitCommand) prepare(ctx context.Context, io *streams) ([]ask, error) {
	if c.Window != 0 {
		if c.File != "" || c.Budget != "" {
			return nil, errors.New("give either -f FILE or --window W, and --budget with the first alone")
		}
		return []ask{{send: func(ctx context.Context, b *bus.Bus) (events.WindowKey, error) { return c.again(ctx, io, b) }}}, nil
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
		asks = append(asks, ask{one.BudgetName, func(ctx context.Context, b *bus.Bus) (events.WindowKey, error) {
			return client.Submit(ctx, b, one, c.requestWith(io, locks[i]))
		}})
	}
	return asks, nil
}

// again asks for what an earlier window asked for. The drill of that window is part
// of it.
func (c *submitCommand) again(ctx context.Context, io *streams, b *bus.Bus) (events.WindowKey, error) {
	r, _, err := client.Get(ctx, b, c.Window)
	if err != nil {
		return events.WindowKey{}, err
	}
	if r.Kind == events.Here { // no coordinator of the server would ever take it
		return events.WindowKey{}, fmt.Errorf("window %d was run by the process that asked for it, on a folder of its own machine: run that again, %s", c.Window, cmp.Or(r.Reproduce, "`ers try`"))
	}
	if c.Runs != nil {
		r.Runs = *c.Runs
	}
	if c.Ticks != nil {
		r.Ticks = *c.Ticks
	}
	if c.FirstTick != nil {
		r.FirstTick = *c.FirstTick
	}
	if c.Latch != nil {
		r.Latch = &c.Latch.Latch
	}
	if c.Drill != nil {
		r.Drill = &c.Drill.Drill
	}
	r.Reproduce = io.commandLine()
	return client.Request(ctx, b, r)
}
