package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

type submitCommand struct {
	windowFlags
	connection
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
	ask, err := c.prepare()
	if err == nil {
		err = c.begin()
	}
	if err != nil {
		return err
	}
	b, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	pipeline, window, err := ask(ctx, b)
	switch {
	case err != nil:
	case c.NoWait && c.JSON:
		_, err = fmt.Fprintf(io.out, `{"pipeline":%q,"window":%d}`+"\n", pipeline, window)
	case c.NoWait:
		_, err = fmt.Fprintf(io.out, "window %d\n", window)
	default:
		fmt.Fprintf(io.err, "window %d is asked for, waiting for its verdict\n", window)
		hint := time.AfterFunc(idle, func() { hintIfIdle(ctx, io, b, pipeline, window) })
		err = awaitVerdict(ctx, io, b, pipeline, window, &c.answerFlags)
		hint.Stop()
	}
	return errors.Join(err, b.Close())
}

// idle is how long a window may wait for its first tick before a hint is due.
const idle = 5 * time.Second

// hintIfIdle says why a verdict may never come, if nothing was done for a window.
func hintIfIdle(ctx context.Context, io *streams, b *bus.Bus, pipeline string, window uint64) {
	if _, err := b.Last(ctx, events.StreamTrace, allRuns(events.TraceSubject, pipeline, window)); errors.Is(err, bus.ErrNotFound) {
		fmt.Fprintf(io.err, "ers: window %d has not begun: is a coordinator running there (ers up, or ers-coordinator), or is it busy with earlier windows? Still waiting\n", window)
	}
}

type askFunc func(context.Context, *bus.Bus) (pipeline string, window uint64, err error)

// prepare finds every mistake in the flags and files before anything is sent.
func (c *submitCommand) prepare() (askFunc, error) {
	if c.Window != 0 {
		if c.File != "" {
			return nil, errors.New("give either -f FILE or --window W")
		}
		return c.again, nil
	}
	f, err := c.load()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, b *bus.Bus) (string, uint64, error) {
		window, err := client.Submit(ctx, b, f, c.request(commandLine(os.Args)))
		return f.Definition.Name, window, err
	}, nil
}

// again asks for what an earlier window asked for. The drill of that window is part
// of it.
func (c *submitCommand) again(ctx context.Context, b *bus.Bus) (string, uint64, error) {
	r, err := client.Get(ctx, b, c.Window)
	if err != nil {
		return "", 0, err
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
	if c.Latch != "" {
		r.Latch = c.Latch
	}
	if c.Drill != nil {
		r.Drill = &c.Drill.Drill
	}
	r.Reproduce = commandLine(os.Args)
	window, err := client.Window(ctx, b, r)
	return r.Pipeline, window, err
}
