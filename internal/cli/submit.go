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
	sureFlags
	connection
	creation
	limit
	Window uint64 `placeholder:"W" help:"Ask for the same as window W asked for, without its files."`
	NoWait bool   `help:"Print the window's name and leave."`
	answerFlags
}

func (*submitCommand) examples() string {
	return `  ers submit -f pipeline.yaml --nats nats://127.0.0.1:4222
  ers submit -f pipeline.yaml --no-wait        with NATS_URL set
  ers submit --window 17                       window 17 again, from the bus alone
`
}

func (c *submitCommand) Run(ctx context.Context, io *streams) error {
	if c.NoWait && (c.JUnit != "" || c.GitHub) {
		return errors.New("--no-wait leaves before there is a verdict for --junit or --github: leave it out")
	}
	if c.NoWait && c.Confidence+c.Rate != 0 {
		return errors.New("--no-wait leaves before there is a verdict, and --confidence and --rate make the next window after it: leave out one of them")
	}
	prepared, err := c.prepare(ctx, io)
	if err == nil {
		_, err = c.plan(events.MinRuns, c.drill()) // how many windows it is hangs on the request
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
	err = c.submit(ctx, io, b, prepared, w)
	return errors.Join(outOfTime(ctx, err, w.stop()), b.Close())
}

func (c *submitCommand) submit(ctx context.Context, io *streams, b *bus.Bus, prepared prepareFunc, w *waiting) error {
	r, ask, err := prepared(ctx, b)
	if err != nil {
		return err
	}
	if c.NoWait {
		key, err := ask(ctx, func(*events.WindowRequest) {})
		switch {
		case err != nil:
		case c.JSON:
			_, err = fmt.Fprintf(io.out, `{"pipeline":%q,"window":%d,"request":%q}`+"\n", key.Pipeline, key.Window, key.Request)
		default:
			_, err = fmt.Fprintf(io.out, "window %d\n", key.Window)
		}
		return err
	}
	plan, err := c.plan(r.Runs, r.Drill)
	if err != nil {
		return err
	}
	wait := func(ctx context.Context, change func(*events.WindowRequest)) (*events.Verdict, []byte, error) {
		key, err := ask(ctx, change)
		if err != nil {
			return nil, nil, err
		}
		fmt.Fprintf(io.err, "window %d is asked for, waiting for its verdict\n", key.Window)
		return awaited(ctx, io, b, key, w)
	}
	_, err = windows(ctx, io, b, plan, c.JSON, wait, func(v *events.Verdict, document []byte) error {
		return tellVerdict(ctx, io, b, v, document, &c.answerFlags)
	})
	return err
}

// askFunc asks for a window of a request that is changed.
type askFunc func(ctx context.Context, change func(*events.WindowRequest)) (events.WindowKey, error)

// prepareFunc returns the request that is going to be made, and how to make it.
type prepareFunc func(context.Context, *bus.Bus) (*events.WindowRequest, askFunc, error)

// prepare finds every mistake in the flags and files before anything is sent.
func (c *submitCommand) prepare(ctx context.Context, io *streams) (prepareFunc, error) {
	if c.Window != 0 {
		if c.File != "" {
			return nil, errors.New("give either -f FILE or --window W")
		}
		return func(ctx context.Context, b *bus.Bus) (*events.WindowRequest, askFunc, error) {
			r, err := c.again(ctx, io, b)
			return r, func(ctx context.Context, change func(*events.WindowRequest)) (events.WindowKey, error) {
				next := *r
				change(&next)
				return client.Request(ctx, b, &next)
			}, err
		}, nil
	}
	f, err := c.load(ctx, io)
	if err != nil {
		return nil, err
	}
	r := f.Request()
	lock, err := lockOf(io, f.Dir, &r)
	if err != nil {
		return nil, err
	}
	c.request(io.commandLine())(&r)
	if lock != nil && r.Latch == nil {
		r.Latch = lock.Latch()
	}
	return func(_ context.Context, b *bus.Bus) (*events.WindowRequest, askFunc, error) {
		return &r, func(ctx context.Context, change func(*events.WindowRequest)) (events.WindowKey, error) {
			return client.Submit(ctx, b, f, func(next *events.WindowRequest) {
				*next = r
				change(next)
			})
		}, nil
	}, nil
}

// again returns what an earlier window asked for, as the flags change it. The drill of
// that window is part of it.
func (c *submitCommand) again(ctx context.Context, io *streams, b *bus.Bus) (*events.WindowRequest, error) {
	r, _, err := client.Get(ctx, b, c.Window)
	if err != nil {
		return nil, err
	}
	if r.Kind == events.Here { // no coordinator of the server would ever take it
		return nil, fmt.Errorf("window %d was run by the process that asked for it, on a folder of its own machine: run that again, %s", c.Window, cmp.Or(r.Reproduce, "`ers try`"))
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
	return r, nil
}
