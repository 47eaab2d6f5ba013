package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/lockfile"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

type acceptCommand struct {
	windowFlags
	local
	limit
	Lock   bool   `help:"Write ers.lock beside the pipeline file: later runs of it must come to the same hashes."`
	Why    string `placeholder:"TEXT" help:"Why it is accepted, for those who read the file."`
	Update bool   `help:"Renew an entry that is there."`
}

func (*acceptCommand) examples() string {
	return `  ers accept --lock -f pipeline.yaml --why "first release"
  ers accept --lock -f pipeline.yaml --update --why "rounding in oracle:signal"
`
}

func (c *acceptCommand) Run(ctx context.Context, io *streams) error {
	switch {
	case !c.Lock:
		return errors.New("say what is to hold what is accepted: --lock writes ers.lock beside the pipeline file")
	case c.Why == "":
		return errors.New("say why it is accepted: --why TEXT")
	case c.Drill != nil || c.windowFlags.Latch != nil:
		return errors.New("what is accepted is what the runs come to by themselves: leave out --drill and --latch")
	}
	f, err := c.load(ctx, io)
	if err == nil {
		err = f.One()
	}
	if err != nil {
		return err
	}
	lock, err := lockfile.Read(f.Dir)
	if err != nil {
		return err
	}
	r := f.Request()
	name := lockfile.Key(&r)
	if _, there := lock.Pipelines[name]; there && !c.Update {
		return fmt.Errorf("%s has pipeline %s already: --update renews it", filepath.Join(f.Dir, lockfile.Name), name)
	}
	c.folder = f.Dir
	ctx, cancel := c.within(ctx)
	defer cancel()
	waitedFor := ""
	err = c.with(ctx, io, embedded.Config{}, zerolog.ErrorLevel, embedded.Open, func(ctx context.Context, b *bus.Bus) error {
		w := startWaiting(ctx, io, b, true)
		defer func() { waitedFor = w.stop() }()
		key, err := client.Submit(ctx, b, f, c.request(io.commandLine()))
		if err != nil {
			return err
		}
		v, err := awaitVerdict(ctx, io, b, key, w, &answerFlags{})
		if ctx.Err() != nil {
			leave(ctx, io, b, key)
		}
		if err != nil {
			return err
		}
		return acceptInto(ctx, io, b, v, f.Dir, lock, name, c.Why)
	})
	return outOfTime(ctx, err, waitedFor)
}

// acceptInto writes what a window that passed came to into a lock file, under a name.
func acceptInto(ctx context.Context, io *streams, b *bus.Bus, v *events.Verdict, dir string, lock *lockfile.File, name, why string) error {
	e, err := accepted(ctx, b, v, why)
	if err != nil {
		return err
	}
	lock.Pipelines[name] = e
	if err := lock.Write(dir); err != nil {
		return err
	}
	io.say("%s holds pipeline %s now: check it in; later runs that come to something else fail", filepath.Join(dir, lockfile.Name), name)
	return nil
}
