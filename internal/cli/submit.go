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
	ask, err := c.prepare(ctx, io)
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
	key, err := ask(ctx, b)
	switch {
	case err != nil:
	case c.NoWait && c.JSON:
		_, err = fmt.Fprintf(io.out, `{"pipeline":%q,"window":%d,"request":%q}`+"\n", key.Pipeline, key.Window, key.Request)
	case c.NoWait:
		_, err = fmt.Fprintf(io.out, "window %d\n", key.Window)
	default:
		fmt.Fprintf(io.err, "window %d is asked for, waiting for its verdict\n", key.Window)
		_, err = awaitVerdict(ctx, io, b, key, w, &c.answerFlags)
	}
	return errors.Join(outOfTime(ctx, err, w.stop()), b.Close())
}

type askFunc func(context.Context, *bus.Bus) (events.WindowKey, error)

// prepare finds every mistake in the flags and files before anything is sent.
func (c *submitCommand) prepare(ctx context.Context, io *streams) (askFunc, error) {
	if c.Window != 0 {
		if c.File != "" {
			return nil, errors.New("give either -f FILE or --window W")
		}
		return func(ctx context.Context, b *bus.Bus) (events.WindowKey, error) { return c.again(ctx, io, b) }, nil
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
	return func(ctx context.Context, b *bus.Bus) (events.WindowKey, error) {
		return client.Submit(ctx, b, f, func(r *events.WindowRequest) {
			c.request(io.commandLine())(r)
			if lock != nil && r.Latch == nil {
				r.Latch = lock.Latch()
			}
		})
	}, nil
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
