package cli

import (
	"context"
	"errors"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/daemon"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
)

type upCommand struct {
	local
	daemon.Limits
	daemon.Syncing
	Repair  bool   `help:"Where a stream was removed, restored or cut short, do what ers repair does, and go on."`
	Listen  string `default:"127.0.0.1:4222" placeholder:"HOST:PORT" help:"Where the embedded server listens (${default})."`
	NoToken bool   `help:"Let everybody in who reaches the embedded server and the page. Without it they ask for a token, which the commands of the same user know."`
	NoWait  bool   `help:"Stop when the server of --nats is not there at the start, instead of waiting."`
	HTTP    string `name:"http" default:"${address}" placeholder:"HOST:PORT" help:"Where the page is (${default}); empty: no page."`
}

// defaultStore is where `ers up` keeps its streams when it is not told.
const defaultStore = "ers-data"

func (*upCommand) examples() string {
	return `  ers up                                       a server on 127.0.0.1:4222, streams in ./ers-data
  ers up --http ""                             without the page on 127.0.0.1:8080
  ers up --nats nats://other:4222              the services alone, on another server
  ers submit -f pipeline.yaml --nats nats://127.0.0.1:4222
  nats --context ers sub ers.gate.fail         the alarm; ers up writes this context of the nats CLI
`
}

func (c *upCommand) Run(ctx context.Context, io *streams) error {
	if err := c.check(); err != nil {
		return err
	}
	config := embedded.Config{StoreDir: c.Store, Listen: c.Listen}
	if c.NATS == "" && c.Store == "" {
		config.StoreDir = defaultStore
	}
	log := c.log(io, zerolog.InfoLevel)
	allow, err := c.Allow()
	if err != nil {
		return err
	}
	allow.Warn(log)
	c.limits, c.allow, c.repair = &c.Limits, allow, c.Repair
	c.shown, c.interval = true, !c.Always()
	forget := func() {} // the token of the server
	open := func(ctx context.Context, config embedded.Config) (*bus.Bus, error) {
		b, undo, err := c.serve(ctx, config, c.NoWait, c.NoToken)
		if err == nil {
			forget = undo
		}
		return b, err
	}
	defer func() { forget() }()
	err = c.with(ctx, io, config, zerolog.InfoLevel, open, func(ctx context.Context, b *bus.Bus) error {
		log.Info().Str("nats", b.URL()).Str("store", config.StoreDir).Msgf("up: submit windows with `%s submit`, stop with Ctrl-C", io.name())
		return withPage(ctx, b, c.HTTP, c.NoToken, log, func(ctx context.Context) error {
			<-ctx.Done() // asked to stop, or a service has failed and says why itself
			return nil
		})
	})
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil // asked to stop before it was up
	}
	return err
}
