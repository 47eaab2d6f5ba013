package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/repair"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/report"
)

type repairCommand struct {
	connection
	Store  string `placeholder:"DIR" type:"existingdir" help:"Repair the streams that an embedded server kept in DIR."`
	DryRun bool   `help:"Say what is lost, and change nothing. The exit code is 1 when there is something to repair."`
	JSON   bool   `name:"json" help:"Print what was found as a JSON document."`
}

func (*repairCommand) examples() string {
	return `  ers repair --store data --dry-run            what is lost?
  ers repair --store data                      go on without it
  ers repair --nats nats://127.0.0.1:4222
`
}

func (c *repairCommand) Run(ctx context.Context, io *streams) error {
	b, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	return errors.Join(c.repair(ctx, io, b), b.Close())
}

// open opens what is to be repaired, and makes the streams that are missing; to look
// changes nothing.
func (c *repairCommand) open(ctx context.Context, io *streams) (*bus.Bus, error) {
	if c.DryRun {
		return (&stored{connection: c.connection, Store: c.Store}).open(ctx, io)
	}
	config := c.config(c.log(io, zerolog.ErrorLevel))
	looking := config
	looking.ReadOnly = true
	config.Create, config.Repair = true, true
	switch {
	case c.Store != "":
		config.URL = ""
		return embedded.Open(ctx, embedded.Config{StoreDir: c.Store, Config: config})
	case c.NATS == "":
		return nil, errNoStore
	}
	// On a server that has none of our streams nothing is lost, and none is made.
	look, err := c.connectWith(ctx, looking)
	if err != nil {
		return nil, err
	}
	config.Create = len(look.Missing()) > 0
	if err := look.Close(); err != nil {
		return nil, err
	}
	return c.connectWith(ctx, config)
}

func (c *repairCommand) repair(ctx context.Context, io *streams, b *bus.Bus) error {
	r, err := repair.Look(ctx, b)
	if err != nil {
		return err
	}
	if r.Needed() && !c.DryRun {
		progress, stop := lateBar(io, "void requests")
		err = repair.Repair(ctx, b, r, func(done int) {
			if progress != nil {
				progress(int64(done), int64(r.Voids))
			}
		})
		stop()
		if err != nil {
			return err
		}
	}
	if err := c.tell(io, r); err != nil {
		return err
	}
	if c.DryRun && (r.Needed() || len(r.Missing) > 0) {
		return errFail
	}
	return nil
}

// tell says what was lost, and what was done.
func (c *repairCommand) tell(io *streams, r *repair.Report) error {
	if c.JSON {
		return json.NewEncoder(io.out).Encode(r)
	}
	for _, stream := range r.Missing {
		what := "was missing and is made anew"
		if c.DryRun {
			what = "is missing and has to be made anew"
		}
		fmt.Fprintf(io.text(), "%s %s: all that it held is lost\n", stream, what)
	}
	for _, l := range r.Lost {
		fmt.Fprintln(io.text(), report.Clean(fmt.Sprint(l)))
	}
	for _, w := range r.Odd {
		fmt.Fprintf(io.text(), "window %d is named, and is too far beyond the end of ERS_WINDOW to be true: nothing is done about it\n", w)
	}
	done := "nothing to repair"
	switch {
	case r.Needed() && c.DryRun:
		done = fmt.Sprintf("void requests needed in ERS_WINDOW: %d", r.Voids)
	case r.Needed():
		done = fmt.Sprintf("void requests appended to ERS_WINDOW: %d. New windows begin with number %d; `ers audit` tells what is left of the old ones", r.Voids, r.Ends.Window+uint64(r.Voids)+1)
	}
	if len(r.Missing) > 0 && !r.Needed() {
		done = "no void requests needed in ERS_WINDOW"
	}
	_, err := fmt.Fprintln(io.text(), done)
	return err
}
