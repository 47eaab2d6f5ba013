package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
)

type blameCommand struct {
	Window uint64 `required:"" placeholder:"W" help:"The window that failed."`
	File   string `short:"f" placeholder:"FILE" type:"path" help:"With --store: the pipeline file of the window, for commands that name no files and work on its folder. Left out: on the current one."`
	searchFlags
	local
	limit
	JSON bool `name:"json" help:"Print what was found as one JSON object."`
}

func (*blameCommand) examples() string {
	return `  ers blame --window 17                        on a server, with NATS_URL set
  ers blame --window 17 --store data           here, with the streams kept in data
  ers blame --window 17 --pair --max-runs 40   with few runs
  ers try --vary standard --blame -- ./report  run, and blame what differs
`
}

func (c *blameCommand) Run(ctx context.Context, io *streams) error {
	if err := c.check(); err != nil {
		return err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	if c.Store == "" {
		return c.onServer(ctx, io)
	}
	if err := c.findFolder(ctx, io); err != nil {
		return err
	}
	waitedFor := ""
	err := c.with(ctx, io, embedded.Config{}, zerolog.ErrorLevel, embedded.Open, func(ctx context.Context, b *bus.Bus) error {
		w := startWaiting(ctx, io, b, true)
		defer func() { waitedFor = w.stop() }()
		return c.blame(ctx, io, b, w)
	})
	return outOfTime(ctx, err, waitedFor)
}

// onServer has the services of a server run the probes.
func (c *blameCommand) onServer(ctx context.Context, io *streams) error {
	if c.File != "" {
		return errors.New("-f FILE is for windows that are run here: leave it out, or give --store DIR")
	}
	if c.NATS == "" {
		return errNoStore
	}
	b, err := c.connect(ctx, io)
	if err != nil {
		return outOfTime(ctx, err, "")
	}
	w := startWaiting(ctx, io, b, false)
	err = c.blame(ctx, io, b, w)
	return errors.Join(outOfTime(ctx, err, w.stop()), b.Close())
}

// findFolder finds the folder on which commands work that name no files.
func (c *blameCommand) findFolder(ctx context.Context, io *streams) (err error) {
	if c.File == "" {
		c.folder, err = os.Getwd()
		return err
	}
	f, err := io.load(ctx, c.File)
	if err == nil {
		c.folder = f.Dir
	}
	return err
}

func (c *blameCommand) blame(ctx context.Context, io *streams, b *bus.Bus, w *waiting) error {
	r, key, err := client.Get(ctx, b, c.Window)
	if err != nil {
		return err
	}
	if err := c.canRun(r); err != nil {
		return err
	}
	v, _, err := client.VerdictSoFar(ctx, b, key)
	switch {
	case err != nil:
		return err
	case v == nil:
		return fmt.Errorf("window %d has no verdict yet: wait for it, `ers wait --window %d`", c.Window, c.Window)
	}
	return blameWindow(ctx, io, b, v, c.searchFlags, c.JSON, func(ctx context.Context, change func(*events.WindowRequest)) (*events.Verdict, []byte, error) {
		next := *r
		change(&next)
		key, err := client.Request(ctx, b, &next)
		if err != nil {
			return nil, nil, err
		}
		return awaitedHere(ctx, io, b, key, w)
	})
}

// canRun refuses windows that nobody would run.
func (c *blameCommand) canRun(r *events.WindowRequest) error {
	switch {
	case r.Kind == events.Here && c.Store == "":
		return fmt.Errorf("window %d was run by the process that asked for it, on a folder of its own machine: run it again there, with `ers try --blame`", c.Window)
	case r.Kind == program.KindGo && c.Store != "":
		return fmt.Errorf("window %d has tasks in Go, which ers does not have: start its program with its command up, and blame it there with --nats", c.Window)
	}
	return nil
}
