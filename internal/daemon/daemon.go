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
	"time"

	"github.com/alecthomas/kong"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"github.com/rs/zerolog"
	"golang.org/x/term"

	"abraxas.dev/ers/internal/stop"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
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
	NATS       string `name:"nats" env:"NATS_URL" placeholder:"URL" help:"NATS server, or context:NAME of the nats CLI. Left out: an embedded server."`
	Creds      string `env:"NATS_CREDS" placeholder:"FILE" help:"Credentials file."`
	Replicas   int    `default:"1" help:"Replicas of the streams, where they are made now (${default})."`
	Store      string `default:"ers-data" placeholder:"DIR" type:"path" help:"Streams of the embedded server (${default})."`
	Listen     string `default:"127.0.0.1:4222" placeholder:"HOST:PORT" help:"Where the embedded server listens (${default})."`
	SyncAlways bool   `help:"Sync to disk before each acknowledgement of the embedded server."`
	LogLevel   string `default:"info" enum:"debug,info,warn,error" help:"debug, info, warn or error (${default})."`
	Health     bool   `help:"Ask whether a service of this name answers on the server, and leave: 0 yes, 1 no."`
}

// Main runs the service called name and ends the process: 0 after a stop that was
// asked for, 2 when it could not start or go on. more are flags of this service alone
// (kong.Embed).
func Main(name, about string, start func(b *bus.Bus, log zerolog.Logger) Service, more ...kong.Option) {
	var flags Flags
	parser := kong.Must(&flags, append(more, kong.Name(name), kong.Description(about))...)
	if _, err := parser.Parse(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v; see `%s --help`\n", name, err, name)
		os.Exit(2)
	}
	ctx, release := stop.OnSignal(name)
	defer release()
	if flags.Health {
		os.Exit(health(ctx, name, &flags))
	}
	log := newLog(name, &flags)
	if err := run(ctx, name, about, &flags, log, start); err != nil {
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

func run(ctx context.Context, name, about string, flags *Flags, log zerolog.Logger, start func(*bus.Bus, zerolog.Logger) Service) (err error) {
	config := embedded.Config{Config: bus.Config{URL: flags.NATS, Creds: flags.Creds, Replicas: flags.Replicas, Name: name, Log: log}}
	if config.URL == "" {
		config.StoreDir, config.Listen, config.SyncAlways = flags.Store, flags.Listen, flags.SyncAlways
	}
	b, err := embedded.Open(ctx, config)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil // asked to stop before it had begun
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	s := start(b, log)
	shown, err := micro.AddService(b.Conn(), micro.Config{
		Name: name, Version: Version, Description: about,
		StatsHandler: func(*micro.Endpoint) any { return s.Stats() },
		Endpoint: &micro.EndpointConfig{
			Subject: StatsSubject + name,
			Handler: micro.HandlerFunc(func(r micro.Request) { _ = r.RespondJSON(s.Stats()) }),
		},
	})
	if err != nil {
		return fmt.Errorf("show this service on the server: %w", err)
	}
	defer func() { err = errors.Join(err, shown.Stop()) }()
	log.Info().Str("nats", b.URL()).Msg("started")
	return s.Run(ctx)
}

// healthWait is how long a service may take to answer.
const healthWait = 2 * time.Second

// health asks the server for a service of this name.
func health(ctx context.Context, name string, flags *Flags) int {
	url := flags.NATS
	if url == "" {
		url = "nats://" + flags.Listen
	}
	var opts []nats.Option
	if flags.Creds != "" {
		opts = append(opts, nats.UserCredentials(flags.Creds))
	}
	nc, err := nats.Connect(url, opts...)
	if err == nil {
		defer nc.Close()
		ctx, cancel := context.WithTimeout(ctx, healthWait)
		defer cancel()
		_, err = nc.RequestWithContext(ctx, "$SRV.PING."+name, nil)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: no answer on %s: %v\n", name, url, err)
		return 1
	}
	return 0
}
