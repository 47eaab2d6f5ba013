package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/rs/zerolog"
	"github.com/schollz/progressbar/v3"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

// stored is a server, or a folder in which an embedded one kept its streams.
type stored struct {
	connection
	Store string `placeholder:"DIR" type:"existingdir" help:"Read the streams that an embedded server kept in DIR, on a copy in TMPDIR. Without it and --nats: ./ers-data, if it is there."`
}

// open opens what is there to be read, and changes nothing there.
func (s *stored) open(ctx context.Context, io *streams) (*bus.Bus, error) {
	config := s.config(s.log(io, zerolog.ErrorLevel))
	config.ReadOnly = true
	switch {
	case s.storeDir(io) != "":
		config.URL = ""
		progress, stop := lateBar(io, "copying the store to read it", progressbar.OptionShowBytes(true))
		defer stop()
		return embedded.OpenCopy(ctx, embedded.Config{StoreDir: s.Store, Config: config}, progress)
	case s.NATS == "":
		return nil, errNoStore
	}
	return s.connectWith(ctx, config)
}

// storeDir is the folder to read from, "" for none: with neither server nor folder given
// that is the one that `ers up` keeps here.
func (s *stored) storeDir(io *streams) string {
	if s.Store != "" || s.NATS != "" {
		return s.Store
	}
	if info, err := os.Stat(defaultStore); err == nil && info.IsDir() {
		fmt.Fprintf(io.err, "%s: no server given: this is the store in ./%s\n", io.name(), defaultStore)
		s.Store = defaultStore
	}
	return s.Store
}

type replayCommand struct {
	stored
	whichFlags
	RunOnly *int `name:"run" placeholder:"R" help:"One run alone."`
	Results bool `help:"Add what the tasks returned: value and error."`
	Bare    bool `xor:"shape" help:"Print the seven fields of each TraceEvent alone, as ers hash reads them."`
}

func (*replayCommand) examples() string {
	return `  ers replay --store data --window 1 --run 7 --results
  ers replay --window 17 --run 7 --bare | ers hash
  ers replay --run 0                           the last window of the server, or of ./ers-data
`
}

func (c *replayCommand) Run(ctx context.Context, io *streams) error {
	if c.Bare && c.Results {
		return errors.New("--bare leaves out what --results adds: give one of them")
	}
	b, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	return errors.Join(c.replay(ctx, io, b), b.Close())
}

func (c *replayCommand) replay(ctx context.Context, io *streams, b *bus.Bus) error {
	id, err := c.which(ctx, io, b)
	if err != nil {
		return err
	}
	r, window, err := client.Get(ctx, b, id)
	if err != nil {
		return err
	}
	if err := client.Here(ctx, b, window); err != nil {
		return err
	}
	first, end := 0, r.Runs
	if c.RunOnly != nil {
		if *c.RunOnly < 0 || *c.RunOnly >= r.Runs {
			return fmt.Errorf("window %d has runs 0 to %d, not %d", id, r.Runs-1, *c.RunOnly)
		}
		first, end = *c.RunOnly, *c.RunOnly+1
	}
	out := bufio.NewWriterSize(io.out, 1<<16)
	var d events.FrameDecoder
	var line []byte
	for run := first; run < end; run++ {
		for m, err := range b.Read(ctx, events.StreamTrace, events.TraceSubject(window.Run(run)), 1, 0) {
			if err == nil {
				err = readFrame(&d, m, window)
			}
			if err != nil {
				return errors.Join(out.Flush(), fmt.Errorf("run %d, %s sequence %d: %w", run, events.StreamTrace, m.Seq, err))
			}
			for i := range d.Len() {
				line = c.appendLine(line[:0], &d, i, m.Seq)
				if _, err := out.Write(report.CleanJSON(nil, line)); err != nil {
					return err
				}
			}
		}
	}
	return out.Flush()
}

// readFrame decodes a frame that must be one of a window's.
func readFrame(d *events.FrameDecoder, m bus.Message, window events.WindowKey) error {
	err := d.ReadFrame(m)
	if err == nil && d.Key() != window {
		err = client.ErrOtherRequest
	}
	if err == nil {
		err = d.DecodeBody()
	}
	switch {
	case err != nil:
		return err
	case d.Abandoned != "":
		return fmt.Errorf("the coordinator gave the run up: %s", d.Abandoned)
	case d.Difference != nil:
		return fmt.Errorf("the run ends with a difference that it met by itself: %s of %s at tick %d", d.Difference.Kind, d.Difference.Task, d.Tick)
	}
	return nil
}

func (c *replayCommand) appendLine(dst []byte, d *events.FrameDecoder, i int, seq uint64) []byte {
	if c.Bare {
		return append(append(dst, d.Event(i)...), '\n')
	}
	return append(client.AppendEvent(dst, d, i, seq, c.Results), '\n')
}
