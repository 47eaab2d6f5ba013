package cli

import (
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
)

type cancelCommand struct {
	connection
	Window *uint64 `placeholder:"W" help:"The window. It must be named: no command guesses what to cancel."`
	Reason string  `placeholder:"TEXT" help:"Why, for those who read the verdict."`
}

func (*cancelCommand) examples() string {
	return `  ers cancel --window 17 --reason "asked for too many ticks"
`
}

func (c *cancelCommand) Run(ctx context.Context, io *streams) error {
	b, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	return errors.Join(c.cancel(ctx, io, b), b.Close())
}

func (c *cancelCommand) cancel(ctx context.Context, io *streams, b *bus.Bus) error {
	if c.Window == nil {
		return whichRuns(ctx, b, "--window")
	}
	_, key, err := client.Get(ctx, b, *c.Window)
	if err != nil {
		return err
	}
	v, _, err := client.VerdictSoFar(ctx, b, key)
	if err != nil {
		return err
	}
	if v != nil {
		return fmt.Errorf("window %d has its verdict already: %s", *c.Window, v.Outcome)
	}
	if _, err := client.Cancel(ctx, b, key, c.Reason); err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.text(), "window %d is cancelled: a coordinator gives up the runs that are not complete, and the verdict is then inconclusive\n", *c.Window)
	return err
}
