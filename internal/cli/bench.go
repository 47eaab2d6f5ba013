package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/bench"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
)

type benchCommand struct {
	Measure   []bench.Measure   `default:"memory,throughput,latency,workers" enum:"memory,throughput,latency,workers" placeholder:"WHAT,…" help:"memory, throughput, latency, workers (${default})."`
	Events    []int             `default:"5,50,500" placeholder:"N,…" help:"Events a tick (${default})."`
	Sync      []bench.Sync      `default:"interval,always" enum:"interval,always" placeholder:"WHEN,…" help:"When the server syncs to disk: interval, every two minutes; always, before each acknowledgement (${default})."`
	Processes []bench.Processes `default:"one,own" enum:"one,own,guarded" placeholder:"HOW,…" help:"All in one process; each service in its own; the same over TLS, each with what its role may: guarded (${default})."`
	Turns     int               `placeholder:"N" help:"Turns that each side takes (5)."`
	Rate      float64           `default:"50000" placeholder:"N" help:"Events a second where latency is measured (${default})."`
	Grow      bool              `help:"Measure a stream of 30 million events and windows of extreme shape instead. Takes about 10 GB in $$TMPDIR, and its time."`
	Many      bool              `help:"Measure lists, the page and restarts with up to 100 000 small windows in the streams instead. Takes about 1 GB in $$TMPDIR, and its time."`
	Quick     bool              `help:"A little of everything, to see that it works."`
	JSON      bool              `name:"json" help:"Print the report as a JSON document."`

	// What `ers bench` starts itself with.
	Role    bench.Role `hidden:""`
	NATS    string     `name:"nats" hidden:""`
	Store   string     `hidden:""`
	Guarded bool       `hidden:""`
}

func (*benchCommand) examples() string {
	return `  ers bench                                    everything but --grow and --many, a few minutes
  ers bench --measure throughput --events 50 --sync interval --processes one
  ers bench --measure throughput --processes own,guarded
  TMPDIR=/mnt/disk ers bench --sync always     where the disk is the one to measure
`
}

func (c *benchCommand) Run(ctx context.Context, io *streams) error {
	if c.Role != "" {
		return c.serve(ctx, io)
	}
	for _, n := range c.Events {
		if n < 1 || n > maxBenchEvents {
			return fmt.Errorf("--events %d: want 1 to %d", n, maxBenchEvents)
		}
	}
	if c.Turns < 0 || c.Rate <= 0 {
		return errors.New("--turns and --rate must be more than 0")
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program, to start it again: %w", err)
	}
	measures := c.Measure
	if c.Grow || c.Many {
		measures = nil
	}
	if c.Grow {
		measures = append(measures, bench.Grow)
	}
	if c.Many {
		measures = append(measures, bench.ManySmall)
	}
	r, err := bench.Run(ctx, bench.Config{
		Measures: measures, EventsPerTick: c.Events, Syncs: c.Sync, Processes: c.Processes,
		Turns: c.Turns, Rate: c.Rate, Quick: c.Quick,
		Command: func(ctx context.Context, args ...string) *exec.Cmd {
			return exec.CommandContext(ctx, self, append([]string{"bench"}, args...)...)
		},
		Ers:      func(ctx context.Context, args ...string) *exec.Cmd { return exec.CommandContext(ctx, self, args...) },
		Progress: func(what string) { fmt.Fprintf(io.err, "%s\n", what) },
	})
	return errors.Join(err, c.print(io, r))
}

// print prints a report, which may have been cut short.
func (c *benchCommand) print(io *streams, r *bench.Report) error {
	text := r.Text()
	if c.JSON {
		var err error
		if text, err = json.MarshalIndent(r, "", "  "); err != nil {
			return err
		}
		text = append(text, '\n')
	}
	_, err := io.text().Write(text)
	return err
}

// maxBenchEvents is what fits into one message, which is what is compared.
const maxBenchEvents = 4000

// serve is what the processes that the command starts do.
func (c *benchCommand) serve(ctx context.Context, io *streams) error {
	console := zerolog.ConsoleWriter{Out: io.err, NoColor: true, PartsExclude: []string{zerolog.TimestampFieldName}}
	config := embedded.Config{Config: bus.Config{URL: c.NATS, Name: "ers bench " + string(c.Role), Log: zerolog.New(console).Level(zerolog.ErrorLevel)}}
	if c.Role == bench.Server {
		config.StoreDir, config.Listen = c.Store, "127.0.0.1:0"
		config.SyncAlways = len(c.Sync) == 1 && c.Sync[0] == bench.SyncAlways
	}
	return bench.Serve(ctx, c.Role, config, c.Guarded, io.in, io.out)
}
