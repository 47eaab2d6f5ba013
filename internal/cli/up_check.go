package cli

import (
	"errors"
	"syscall"

	"abraxas.dev/ers/internal/page"
)

// check finds what is wrong with the flags before anything is made that would stay behind.
func (c *upCommand) check() error {
	if c.NATS != "" && c.Sync != "" {
		return errors.New("--sync is for the embedded server, and --nats or NATS_URL names another one: leave out one of them")
	}
	if c.HTTP == "" {
		return nil
	}
	l, err := page.Listen(c.HTTP)
	if errors.Is(err, syscall.EADDRINUSE) && c.HTTP == page.DefaultAddress {
		return nil // it runs without the page, and says so
	}
	if err != nil {
		return err
	}
	return l.Close()
}
