package cli

import (
	"context"
	"errors"
	"syscall"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/internal/export"
	"abraxas.dev/ers/internal/page"
	"abraxas.dev/ers/internal/token"
	"abraxas.dev/ers/pkg/bus"
)

type viewCommand struct {
	stored
	HTTP    string `name:"http" default:"${address}" placeholder:"HOST:PORT" help:"Where the page is (${default}); port 0 takes a free one."`
	NoToken bool   `help:"Show the page to everybody who reaches its address. Without it the page asks for the token that is part of the address printed."`
}

func (*viewCommand) examples() string {
	return `  ers view --nats nats://127.0.0.1:4222        then open http://127.0.0.1:8080
  ers view --store data                        what an embedded server kept in data
`
}

func (c *viewCommand) Run(ctx context.Context, io *streams) error {
	l, err := page.Listen(c.HTTP)
	if err != nil {
		return err
	}
	b, err := c.open(ctx, io)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	log := c.log(io, zerolog.InfoLevel)
	secret := pageToken(c.NoToken)
	log.Info().Str("page", page.URL(l, secret)).Msg("view: open the page in a browser, stop with Ctrl-C")
	return errors.Join(page.New(page.Config{Bus: b, Log: log, Address: c.HTTP, Token: secret, Downloads: export.Downloads()}).Run(ctx, l), b.Close())
}

// pageToken is what a page asks for, new each time; empty when everybody may see it.
func pageToken(everybody bool) string {
	if everybody {
		return ""
	}
	return token.New()
}

// withPage serves the page while do works. Where another program has the address that
// was not asked for, there is no page, and the log says so.
func withPage(ctx context.Context, b *bus.Bus, address string, everybody bool, log zerolog.Logger, do func(context.Context) error) error {
	if address == "" {
		return do(ctx)
	}
	l, err := page.Listen(address)
	if errors.Is(err, syscall.EADDRINUSE) && address == page.DefaultAddress {
		log.Warn().Msg(err.Error())
		return do(ctx)
	}
	if err != nil {
		return err
	}
	secret := pageToken(everybody)
	log.Info().Str("page", page.URL(l, secret)).Msg("up: watch windows in a browser")
	group, ctx := errgroup.WithContext(ctx)
	serving, stop := context.WithCancel(ctx)
	group.Go(func() error {
		return page.New(page.Config{Bus: b, Log: log, Address: address, Token: secret, Downloads: export.Downloads()}).Run(serving, l)
	})
	group.Go(func() error {
		defer stop()
		return do(ctx)
	})
	return group.Wait()
}
