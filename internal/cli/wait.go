package cli

import (
	"context"
	"errors"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
)

type waitCommand struct {
	connection
	limit
	Window uint64 `required:"" placeholder:"W" help:"The window."`
	answerFlags
}

func (*waitCommand) examples() string {
	return `  ers wait --window 17                         prints the verdict as ers submit does, with its exit code
  ers wait --window "$(ers submit -f pipeline.yaml --no-wait --json | jq .window)" --timeout 10m
`
}

func (c *waitCommand) Run(ctx context.Context, io *streams) error {
	if err := c.begin(); err != nil {
		return err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	b, err := c.read(ctx, io)
	if err != nil {
		return outOfTime(ctx, err, "")
	}
	waitedFor, err := c.wait(ctx, io, b)
	return errors.Join(outOfTime(ctx, err, waitedFor), b.Close())
}

func (c *waitCommand) wait(ctx context.Context, io *streams, b *bus.Bus) (waitedFor string, err error) {
	_, key, err := client.Get(ctx, b, c.Window)
	if err != nil {
		return "", err
	}
	w := startWaiting(ctx, io, b, false)
	_, err = awaitVerdict(ctx, io, b, key, w, &c.answerFlags)
	return w.stop(), err
}
