package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/program/evaluator"
	"abraxas.dev/ers/pkg/service"
)

// connection is the server that a command talks to.
type connection struct {
	NATS    string `name:"nats" env:"NATS_URL" placeholder:"URL" help:"NATS server, or context:NAME of the nats CLI."`
	Creds   string `env:"NATS_CREDS" placeholder:"FILE" help:"Credentials file."`
	Verbose bool   `short:"v" help:"Log what the services do."`
}

// connect opens a connection to a server that must be there.
func (c *connection) connect(ctx context.Context, io *streams) (*bus.Bus, error) {
	if c.NATS == "" {
		return nil, errors.New("no server given: use --nats URL or set NATS_URL; `ers up` starts one")
	}
	return bus.Open(ctx, bus.Config{URL: c.NATS, Creds: c.Creds, Name: "ers", Log: c.log(io, zerolog.ErrorLevel)})
}

// log writes from the given level on, or everything with --verbose.
func (c *connection) log(io *streams, level zerolog.Level) zerolog.Logger {
	if c.Verbose {
		level = zerolog.DebugLevel
	}
	console := zerolog.ConsoleWriter{Out: io.err, NoColor: !io.colorErr, PartsExclude: []string{zerolog.TimestampFieldName}}
	return zerolog.New(console).Level(level)
}

// local is a server, embedded or not, on which this process runs the services.
type local struct {
	connection
	Store           string         `placeholder:"DIR" type:"path" help:"Keep the streams of the embedded server in DIR."`
	EvaluatorMemory evaluator.Size `default:"${memory}" placeholder:"SIZE" help:"Memory that the tasks of a tick may take together (${default})."`
}

// with runs the services of one process on a bus while do works with it.
func (l *local) with(ctx context.Context, io *streams, config embedded.Config, level zerolog.Level, do func(context.Context, *bus.Bus) error) (err error) {
	if l.NATS != "" && l.Store != "" {
		return errors.New("--store is for the embedded server: leave out either --store or --nats (NATS_URL)")
	}
	log := l.log(io, level)
	config.URL, config.Creds, config.Name, config.Log = l.NATS, l.Creds, "ers", log
	if config.StoreDir == "" {
		config.StoreDir = l.Store
	}
	evaluators := evaluator.New(evaluator.Config{Memory: int64(l.EvaluatorMemory), Log: log})
	defer evaluators.Close()
	evaluators.Warm(ctx) // while the server starts
	b, err := embedded.Open(ctx, config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	services := make(chan error, 1)
	go func() {
		err := service.Run(ctx, service.Config{Bus: b, Log: log, Evaluators: evaluators})
		if err != nil {
			cancel(fmt.Errorf("a service stopped: %w", err))
		}
		services <- err
	}()
	err = do(ctx, b)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	cancel(nil)
	return errors.Join(err, <-services, b.Close())
}
