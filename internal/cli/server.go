package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/daemon"
	"abraxas.dev/ers/internal/repair"
	"abraxas.dev/ers/internal/token"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/evaluator"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/report"
	"abraxas.dev/ers/pkg/service"
)

// connection is the server that a command talks to.
type connection struct {
	NATS string `name:"nats" env:"NATS_URL" placeholder:"URL" help:"NATS server, or context:NAME of the nats CLI."`
	daemon.Who
	Verbose bool `short:"v" help:"Log what the services do."`
}

// creation says what becomes of streams that are missing on the server.
type creation struct {
	CreateStreams bool `help:"Create the streams that are missing on the server."`
	replication
}

// replication is for commands that create the streams.
type replication struct {
	Replicas uint `placeholder:"N" help:"Replicas that the streams are to have. They are created with so many, or 1."`
}

// config is how to reach the server. A server of `ers up` that is this user's lets us in.
func (c *connection) config(log zerolog.Logger) bus.Config {
	config := bus.Config{URL: c.NATS, Identity: c.Identity(), InboxPrefix: c.InboxPrefix, Name: "ers", EndRefused: true, Log: log}
	if config.Token = token.Find(c.NATS); config.Token != "" {
		config.Identity = bus.Identity{} // it is for another server: this one takes its token alone
	}
	return config
}

// connect opens a connection to a server whose streams are there.
func (c *connection) connect(ctx context.Context, io *streams) (*bus.Bus, error) {
	return c.connectWith(ctx, c.config(c.log(io, zerolog.WarnLevel)))
}

// connectWith opens a connection to a server that must be there.
func (c *connection) connectWith(ctx context.Context, config bus.Config) (*bus.Bus, error) {
	if c.NATS == "" {
		return nil, errNoServer
	}
	return bus.Open(ctx, config)
}

// untilAnswer is how long a cluster may take to choose a leader, or a server to start again.
const untilAnswer = time.Minute

// patient is for who reads or frees much, and would have to begin anew: what gets no answer is asked for
// again, and that is said. Who looks at something is told at once.
func (c *connection) patient(io *streams, config bus.Config) bus.Config {
	config.Patience, config.Log = untilAnswer, c.log(io, zerolog.WarnLevel)
	return config
}

// read opens a connection for who only reads.
func (c *connection) read(ctx context.Context, io *streams) (*bus.Bus, error) {
	config := c.config(c.log(io, zerolog.WarnLevel))
	config.ReadOnly = true
	return c.connectWith(ctx, config)
}

// errNoServer is for a command that was given no server, errNoStore for one that would
// take a store too.
var (
	errNoServer = errors.New("no server given: use --nats URL or set NATS_URL; `ers up` starts one")
	errNoStore  = errors.New("no server given: use --nats URL or set NATS_URL, or --store DIR for the streams that an embedded server kept; `ers up` starts one")
)

// log writes from the given level on, or everything with --verbose.
func (c *connection) log(io *streams, level zerolog.Level) zerolog.Logger {
	if c.Verbose {
		level = zerolog.DebugLevel
	}
	console := zerolog.ConsoleWriter{Out: io.err, NoColor: !io.colorErr, PartsExclude: []string{zerolog.TimestampFieldName}}
	return zerolog.New(console).Level(level)
}

// local is a server, embedded or not, on which this process runs the services. Streams
// that are missing are created.
type local struct {
	connection
	replication
	Store           string         `placeholder:"DIR" type:"path" help:"Keep the streams of the embedded server in DIR."`
	EvaluatorMemory evaluator.Size `default:"${memory}" placeholder:"SIZE" help:"Memory that the tasks of a tick may take together (${default})."`

	limits   *daemon.Limits // of what is run for others; nil: no limits
	allow    *exec.Allow    // which workers and commands are started; nil: all, as the user names them
	folder   string         // on which commands work that name no files
	turns    int            // ticks computed at once; 0: one for each processor
	repair   bool           // do at the start what `ers repair` does
	pipeline string         // of a program in Go
	shown    bool           // others see on the server that the services are there
	interval bool           // what is kept is synced to disk now and then, not before each acknowledgement
}

// open opens the bus for the services.
type openFunc func(context.Context, embedded.Config) (*bus.Bus, error)

// with runs the services of one process on a bus while do works with it.
func (l *local) with(ctx context.Context, io *streams, config embedded.Config, level zerolog.Level, open openFunc, do func(context.Context, *bus.Bus) error) (err error) {
	log := l.log(io, level)
	config.Config = l.config(log)
	config.Create, config.Replicas, config.Repair, config.EndRefused = true, int(l.Replicas), l.repair, !l.shown
	if config.StoreDir == "" {
		config.StoreDir = l.Store
	}
	kept := config.StoreDir != "" || config.URL != "" // or it is removed with its server
	config.SyncAlways = config.StoreDir != "" && !l.interval
	if config.URL == "" && l.Replicas > 1 {
		return fmt.Errorf("--replicas %d: the embedded server is one and no cluster: leave it away, or name a server of a cluster with --nats", l.Replicas)
	}
	remove, err := temporary(&config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if l.limits == nil {
		l.limits = &daemon.Limits{MaxTicks: math.MaxInt64}
	}
	services := service.Config{Log: log, Windows: l.limits.Windows, MaxTicks: l.limits.MaxTicks, Turns: l.turns}
	if io.program == nil {
		services.Evaluators = evaluator.New(evaluator.Config{Memory: int64(l.EvaluatorMemory), Log: log})
		defer services.Evaluators.Close()
		if config.Listen == "" {
			services.Evaluators.Warm(ctx) // while the server starts
		}
	}
	b, err := open(ctx, config)
	if err != nil {
		return err
	}
	if err := l.checkStanding(ctx, io, b, config.StoreDir); err != nil {
		return errors.Join(err, b.Close())
	}
	if services.Evaluators != nil && config.Listen != "" {
		// Not before: a process that is just being started holds the port that was tried, and
		// the server could not listen on it.
		services.Evaluators.Warm(ctx)
	}
	services.Bus, services.Processes, services.Allow = b, l.processes(io, config.StoreDir), cmp.Or(l.allow, exec.AllowAll)
	if io.program != nil {
		services.Load, services.Kinds, services.Pipeline = io.program.Load(b), []string{program.KindGo}, l.pipeline
	}
	if l.shown {
		services.Show = func(name service.Name, counters func() map[string]int64) (func() error, error) {
			return l.show(b, name, counters)
		}
	}
	err = service.While(ctx, services, func(ctx context.Context) error {
		err := do(ctx, b)
		if kept && !l.shown { // services that stay are not waited for
			awaitFeed(ctx, io, b)
		}
		return err
	})
	return errors.Join(err, b.Close())
}

// temporary gives the embedded server a folder that is removed afterwards, where no store is
// named, so that it is known what programs are not to see.
func temporary(config *embedded.Config) (remove func() error, err error) {
	if config.StoreDir != "" || config.URL != "" {
		return func() error { return nil }, nil
	}
	if config.StoreDir, err = os.MkdirTemp("", "ers-"); err != nil {
		return nil, fmt.Errorf("temporary folder for the embedded NATS server: %w", err)
	}
	return func() error { return os.RemoveAll(config.StoreDir) }, nil
}

// processes is what workers and commands need here.
func (l *local) processes(io *streams, store string) exec.Config {
	say := func(text string) { io.say("%s", text) }
	return exec.Config{Dir: l.folder, Hide: daemon.Secrets(append(l.Files(l.NATS), store)...), Build: daemon.Version, Say: say}
}

// checkStanding refuses to begin where a stream is shorter than others remember, or
// repairs it where that is asked.
func (l *local) checkStanding(ctx context.Context, io *streams, b *bus.Bus, store string) error {
	err := b.CheckStanding(ctx)
	short := errors.Is(err, events.ErrShort)
	switch {
	case err != nil && !short:
		return err
	case !short && len(b.Missing()) == 0:
		return nil
	case !l.repair:
		if store != "" {
			err = fmt.Errorf("%w\nhere: `ers repair --store %s`, or `ers up --store %s --repair`", err, report.ShellWord(store), report.ShellWord(store))
		}
		return err
	}
	r, err := repair.Look(ctx, b)
	if err == nil {
		err = repair.Repair(ctx, b, r, nil)
	}
	if err != nil {
		return err
	}
	said := *io
	said.out = io.err // standard output is for results
	return (&repairCommand{}).tell(&said, r)
}

// serve opens the bus for services that others use, on a server that lets in who knows
// its token. once: it does not wait for a server that is not there yet.
func (l *local) serve(ctx context.Context, config embedded.Config, once, everybody bool) (b *bus.Bus, forget func(), err error) {
	if config.URL == "" {
		return daemon.Serve(ctx, config, everybody)
	}
	b, err = daemon.Await(ctx, config.Log, once, func() (*bus.Bus, error) {
		now := l.config(config.Log) // the server may have come meanwhile
		config.Token, config.Creds = now.Token, now.Creds
		return bus.Open(ctx, config.Config)
	})
	return b, func() {}, err
}

// show shows on the server that a service is inside this process.
func (l *local) show(b *bus.Bus, name service.Name, counters func() map[string]int64) (hide func() error, err error) {
	about := "Inside `ers up`."
	if l.pipeline != "" {
		about = "Inside a program in Go with pipeline " + l.pipeline + "."
	}
	as := "ers-" + string(name)
	if name == service.Coordinator && l.pipeline != "" {
		as = programService(l.pipeline)
	}
	return daemon.Show(b, as, about, counters)
}
