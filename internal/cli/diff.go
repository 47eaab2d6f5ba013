package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"abraxas.dev/ers/internal/against"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
)

type diffCommand struct {
	stored
	Window []uint64 `required:"" placeholder:"W" help:"Twice: the two windows. Once: the window, and the last of its pipeline before it that passed."`
	JSON   bool     `name:"json" help:"Print the comparison as a JSON document."`
}

// diffSchema is the version of the document.
const diffSchema = "ers.diff.v1"

type diffDocument struct {
	Schema string `json:"schema"`
	*against.Comparison
}

func (*diffCommand) examples() string {
	return `  ers diff --window 12 --window 17             with NATS_URL set
  ers diff --store data --window 17            window 17 and the last one before it that passed
  ers diff --store data --window 12 --window 17 --json
`
}

func (c *diffCommand) Run(ctx context.Context, io *streams) error {
	if len(c.Window) > 2 {
		return fmt.Errorf("--window is given %d times: two windows can be compared", len(c.Window))
	}
	b, err := c.open(ctx, io)
	if err == nil {
		err = errors.Join(c.diff(ctx, io, b), b.Close())
	}
	return jsonError(io, c.JSON, diffSchema, err)
}

func (c *diffCommand) diff(ctx context.Context, io *streams, b *bus.Bus) error {
	y, err := against.Open(ctx, b, c.Window[len(c.Window)-1])
	if err != nil {
		return err
	}
	first := c.Window[0]
	if len(c.Window) == 1 {
		if first, err = against.LastPass(ctx, b, y.Key.Pipeline, y.Key.Window); err != nil {
			return err
		}
		if first == 0 {
			return fmt.Errorf("no window of %s passed before window %d: say with which one to compare it, with another --window", y.Key.Pipeline, y.Key.Window)
		}
	}
	x, err := against.Open(ctx, b, first)
	if err == nil {
		err = cmp.Or(client.Here(ctx, b, x.Key), client.Here(ctx, b, y.Key))
	}
	if err != nil {
		return err
	}
	d, err := against.Compare(ctx, b, x, y)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(io, diffDocument{diffSchema, d})
	} else {
		_, err = io.text().Write(diffText(d))
	}
	switch {
	case err != nil:
		return err
	case d.Answer == against.Different:
		return errFail
	case d.Answer == against.Unknown:
		return errUnknown
	}
	return nil
}
