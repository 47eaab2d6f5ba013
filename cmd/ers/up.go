package main

import (
	"context"
	"errors"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
)

type upCommand struct {
	local
	Listen     string `default:"127.0.0.1:4222" placeholder:"HOST:PORT" help:"Where the embedded server listens (${default})."`
	SyncAlways bool   `help:"Sync to disk before each acknowledgement of the embedded server: safe against a power cut, and slower."`
	HTTP       string `name:"http" default:"${address}" placeholder:"HOST:PORT" help:"Where the page is (${default}); empty: no page."`
}

// defaultStore is where `ers up` keeps its streams when it is not told.
const defaultStore = "ers-data"

func (*upCommand) examples() string {
	return `  ers up                                       a server on 127.0.0.1:4222, streams in ./ers-data
  ers up --http ""                             without the page on 127.0.0.1:8080
  ers up --nats nats://other:4222              the services alone, on another server
  ers submit -f pipeline.yaml --nats nats://127.0.0.1:4222
`
}

func (c *upCommand) Run(ctx context.Context, io *streams) error {
	config := embedded.Config{StoreDir: c.Store, Listen: c.Listen, SyncAlways: c.SyncAlways}
	if c.NATS == "" && c.Store == "" {
		config.StoreDir = defaultStore
	}
	log := c.log(io, zerolog.InfoLevel)
	err := c.with(ctx, io, config, zerolog.InfoLevel, func(ctx context.Context, b *bus.Bus) error {
		log.Info().Str("nats", b.URL()).Str("store", config.StoreDir).Msg("up: submit windows with `ers submit`, stop with Ctrl-C")
		return withPage(ctx, b, c.HTTP, log, func(ctx context.Context) error {
			<-ctx.Done() // asked to stop, or a service has failed and says why itself
			return nil
		})
	})
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil // asked to stop before it was up
	}
	return err
}
