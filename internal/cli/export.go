package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"abraxas.dev/ers/internal/export"
	"abraxas.dev/ers/pkg/bus"
)

type exportCommand struct {
	stored
	whichFlags
	Format  export.Format `required:"" placeholder:"NAME" help:"One of the formats below."`
	RunOnly *int          `name:"run" placeholder:"R" help:"One run alone."`
	Refs    string        `name:"refs-from" placeholder:"DIR" help:"With --format abraxas: put DIR before the paths by which the documents name each other."`
	Out     string        `arg:"" optional:"" type:"path" help:"Folder or file to make. A format that writes a file writes to standard output when it is left out or -."`
}

func (*exportCommand) examples() string {
	var text strings.Builder
	text.WriteString(`  ers export --format abraxas --window 17 artifacts
  ers export --format abraxas --window 17 --refs-from "$PWD/artifacts" artifacts
  ers export --format csv --store data --window 1 --run 7 run7.csv
  ers export --format svg fail.svg             the last window of the server, or of ./ers-data
  ers export --format svg --pipeline oracle -  the last one of pipeline oracle

Formats:
`)
	for _, f := range export.Formats {
		fmt.Fprintf(&text, "  %-12s %s\n", f.Name, f.Help)
	}
	return text.String()
}

func (c *exportCommand) Run(ctx context.Context, io *streams) error {
	if c.Refs != "" && c.Format.Folder == nil {
		return fmt.Errorf("--refs-from belongs to --format abraxas: documents of format %s do not name each other", c.Format.Name)
	}
	b, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	return errors.Join(c.export(ctx, io, b), b.Close())
}

func (c *exportCommand) export(ctx context.Context, io *streams, b *bus.Bus) error {
	window, err := c.which(ctx, io, b)
	if err != nil {
		return err
	}
	w, err := export.Open(ctx, b, window, c.RunOnly)
	if err != nil {
		return err
	}
	w.RefsFrom = filepath.ToSlash(c.Refs)
	if err := c.Format.Write(ctx, w, c.Out, io.out); err != nil {
		return err
	}
	return io.notToTheEnd(w.Problems)
}
