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

	long bool // it reads much, and would have to begin anew; see patient
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
	if s.long {
		config = s.patient(io, config)
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
	var problems []*client.Problem
	for run := first; run < end; run++ {
		err := c.replayRun(ctx, b, out, client.All(window, run, r.FirstTick, r.Ticks))
		if problem, ok := errors.AsType[*client.Problem](err); ok {
			problems = append(problems, problem)
		} else if err != nil {
			return errors.Join(out.Flush(), err)
		}
	}
	return errors.Join(out.Flush(), io.notToTheEnd(problems))
}

func (c *replayCommand) replayRun(ctx context.Context, b *bus.Bus, out *bufio.Writer, run client.Run) error {
	var line []byte
	for f, err := range client.Frames(ctx, b, run) {
		if err != nil {
			return err
		}
		for i := range f.Len() {
			line = c.appendLine(line[:0], &f.FrameDecoder, i, f.Seq)
			if _, err := out.Write(report.CleanJSON(nil, line)); err != nil {
				return err
			}
		}
	}
	return nil
}

// notToTheEnd says of which runs the record is not whole. What was written of them is then
// no answer.
func (s *streams) notToTheEnd(problems []*client.Problem) error {
	for _, problem := range problems {
		s.say("not to its end: %v", problem)
	}
	if len(problems) > 0 {
		return errUnknown
	}
	return nil
}

func (c *replayCommand) appendLine(dst []byte, d *events.FrameDecoder, i int, seq uint64) []byte {
	if c.Bare {
		return append(append(dst, d.Event(i)...), '\n')
	}
	return append(client.AppendEvent(dst, d, i, seq, c.Results), '\n')
}
