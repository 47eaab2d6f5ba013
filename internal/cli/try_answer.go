package cli

import (
	"context"
	"errors"

	"abraxas.dev/ers/internal/lockfile"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// tell tells what the runs came to.
func (c *tryCommand) tell(ctx context.Context, io *streams, b *bus.Bus, v *events.Verdict, document []byte, entry *lockfile.Entry) error {
	err := tellVerdict(ctx, io, b, v, document, &c.answerFlags)
	if c.JSON {
		return err
	}
	return errors.Join(err, showDrift(ctx, io, b, v, entry, "the same command with --update --why TEXT"))
}
