// Package daemon is what the mains of the three services share: flags, logging,
// the connection, a clean stop on SIGINT and SIGTERM, and a NATS micro service under
// the command's name by which others see that it lives and what it has counted
// (`nats micro info ers-hasher`).
package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"
	"golang.org/x/term"

	"abraxas.dev/ers/internal/flags"
	"abraxas.dev/ers/internal/stop"
	"abraxas.dev/ers/internal/token"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/report"
)

// Version is what the services say they are.
const Version = "0.1.0"

// StatsSubject with the name of a service answers requests with its counters, as JSON.
const StatsSubject = "ers.stats."

// Service is a running service: what its main adds to this package.
type Service struct {
	// Run does the work until ctx ends. It returns nil then, or why it cannot go on.
	Run func(ctx context.Context) error
	// Stats returns the counters to show, by name.
	Stats func() map[string]int64
}

// Flags are the flags of every service.
type Flags struct {
	NATS string `name:"nats" env:"NATS_URL" placeholder:"URL" help:"NATS server, or context:NAME of the nats CLI. Left out: an embedded server."`
	Who
	CreateStreams bool   `help:"Create the streams that are missing on the server."`
	Replicas      uint   `placeholder:"N" help:"Replicas that the streams are to have. They are created with so many, or 1."`
	NoWait        bool   `help:"Stop when the server or its streams are not there at the start, instead of waiting."`
	Store         string `default:"ers-data" placeholder:"DIR" type:"path" help:"Streams of the embedded server (${default})."`
	Listen        string `default:"127.0.0.1:4222" placeholder:"HOST:PORT" help:"Where the embedded server listens (${default})."`
	NoToken       bool   `help:"Let everybody in who reaches the embedded server."`
	Syncing
	LogLevel string `default:"info" enum:"debug,info,warn,error" help:"debug, info, warn or error (${default})."`
	Health   bool   `help:"Ask whether a service of this name answers on the server and can do its work, and leave: 0 yes, 1 no."`
}

// connection is how to reach the server that the flags name.
func (f *Flags) connection(name string) bus.Config {
	c := bus.Config{URL: f.NATS, Identity: f.Identity(), InboxPrefix: f.InboxPrefix, Create: f.CreateStreams, Replicas: int(f.Replicas), Name: name}
	if c.Token = token.Find(c.URL); c.Token != "" {
		c.Identity = bus.Identity{} // it is for another server: this one takes its token alone
	}
	return c
}

// Main runs the service called name and ends the process: 0 after a stop that was
// asked for, 2 when it could not start or go on. more are flags of this service alone
// (kong.Embed).
func Main(name, about string, start func(b *bus.Bus, f *Flags, log zerolog.Logger) Service, more ...kong.Option) {
	var f Flags
	parser := kong.Must(&f, append(append(more, flags.Numbers()...), kong.Name(name), kong.Description(about))...)
	command, err := parser.Parse(os.Args[1:])
	if err == nil {
		err = ChooseServer(command, func(text string) { fmt.Fprintf(os.Stderr, "%s: %s\n", name, text) })
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s; see `%s --help`\n", name, flags.Plain(report.Clean(err.Error())), name)
		os.Exit(2)
	}
	ctx, release := stop.OnSignal(name)
	defer release()
	if f.Health {
		os.Exit(health(ctx, name, &f))
	}
	log := newLog(name, &f)
	if err := run(ctx, name, about, &f, log, start); err != nil {
		log.Error().Err(err).Msg("stopped")
		os.Exit(2)
	}
	log.Info().Msg("stopped as asked")
}

func newLog(name string, flags *Flags) zerolog.Logger {
	level, _ := zerolog.ParseLevel(flags.LogLevel) // one of the enum
	log := zerolog.New(os.Stderr)
	if term.IsTerminal(int(os.Stderr.Fd())) {
		log = zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, NoColor: os.Getenv("NO_COLOR") != "", TimeFormat: time.TimeOnly})
	}
	return log.Level(level).With().Timestamp().Str("service", name).Logger()
}

func run(ctx context.Context, name, about string, flags *Flags, log zerolog.Logger, start func(*bus.Bus, *Flags, zerolog.Logger) Service) (err error) {
	b, forget, err := open(ctx, name, flags, log)
	if err != nil && ctx.Err() != nil {
		return nil // asked to stop before it had begun
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	defer forget()
	s := start(b, flags, log)
	stop, err := Show(b, name, about, s.Stats)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	log.Info().Str("nats", b.URL()).Msg("started")
	return s.Run(ctx)
}

// open opens the bus, on an embedded server where no other is named. forget undoes what
// was noted of that for the commands of this user.
func open(ctx context.Context, name string, flags *Flags, log zerolog.Logger) (b *bus.Bus, forget func(), err error) {
	config := embedded.Config{Config: flags.connection(name)}
	config.Log = log
	if flags.NATS != "" && (flags.Sync != "" || flags.NoToken) {
		return nil, nil, errors.New("--sync and --no-token are for the embedded server, and --nats or NATS_URL names another one: leave out one of them")
	}
	if flags.NATS != "" {
		b, err = Await(ctx, log, flags.NoWait, func() (*bus.Bus, error) {
			now := flags.connection(name) // the server may have come meanwhile
			config.Token, config.Identity = now.Token, now.Identity
			return bus.Open(ctx, config.Config)
		})
		return b, func() {}, err
	}
	config.StoreDir, config.Listen, config.SyncAlways = flags.Store, flags.Listen, flags.Always()
	return Serve(ctx, config, flags.NoToken)
}

// Serve opens a bus on an embedded server that others reach, and lets only those in who
// know its token, unless everybody may. The commands of this user know it until forget is
// called.
func Serve(ctx context.Context, c embedded.Config, everybody bool) (b *bus.Bus, forget func(), err error) {
	forget = func() {}
	if err := embedded.CheckListen(c.Listen); err != nil {
		return nil, nil, err
	}
	if !everybody {
		if c.Token, err = token.Keep(c.StoreDir); err != nil {
			return nil, nil, err
		}
	}
	if b, err = embedded.Open(ctx, c); err != nil || everybody {
		return b, forget, err
	}
	at := strings.NewReplacer("//0.0.0.0:", "//127.0.0.1:", "//[::]:", "//127.0.0.1:").Replace(b.URL()) // an address to connect to
	store, _ := filepath.Abs(c.StoreDir)                                                                // fails where there is no working folder: then nothing says where it is
	known, err := token.Announce(at, c.Token, store)
	if err == nil {
		forget = known
		err = token.WriteContext(at, c.Token)
	}
	if err != nil { // it runs, and who is told the token gets in
		c.Log.Warn().Err(err).Msgf("the server's token is in %s: give it as nats://TOKEN@HOST:PORT", token.File(c.StoreDir))
	}
	return b, forget, nil
}

// Pauses between tries to find the server at the start.
const (
	firstPause = time.Second
	maxPause   = 30 * time.Second
)

// Await opens a bus, and waits for its server and streams as long as they are not there,
// unless once is enough. It says what it waits for, once for each reason.
func Await(ctx context.Context, log zerolog.Logger, once bool, open func() (*bus.Bus, error)) (*bus.Bus, error) {
	said := ""
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		b, err := open()
		if err == nil && said != "" {
			log.Info().Msg("the server and its streams are there")
		}
		if err == nil || once || !errors.Is(err, bus.ErrAway) {
			return b, err
		}
		if text := err.Error(); text != said {
			log.Warn().Err(err).Msg("waiting for the server")
			said, pause = text, firstPause
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
