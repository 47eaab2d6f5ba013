package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	xterm "golang.org/x/term"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/report"
)

type topCommand struct {
	connection
}

func (*topCommand) examples() string {
	return `  ers top --nats nats://127.0.0.1:4222
  ers top | tee windows.log                    a line for each window and verdict
`
}

const (
	topWindows  = 50                     // of the latest windows those in progress are shown
	topVerdicts = 50                     // kept
	topRefresh  = 250 * time.Millisecond // of the screen
	topRate     = 20                     // refreshes over which events per second are taken
	topAsk      = 2 * time.Second        // between two requests to a service
	topAnswer   = 500 * time.Millisecond // that a service may take
)

func (c *topCommand) Run(ctx context.Context, io *streams) error {
	b, err := c.read(ctx, io)
	if err != nil {
		return err
	}
	if xterm.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("TERM") != "dumb" { // which cannot draw
		var restore func()
		ctx, restore = untilQuit(ctx)
		err = topScreen(ctx, io, b)
		restore()
	} else {
		err = topLines(ctx, io, b)
	}
	if ctx.Err() != nil {
		err = nil // asked to stop
	}
	return errors.Join(err, b.Close())
}

// topLines prints a line for each window and verdict from now on.
func topLines(ctx context.Context, io *streams, b *bus.Bus) error {
	windows, err := b.LastSeq(ctx, events.StreamWindow)
	if err != nil {
		return err
	}
	verdicts, err := b.LastSeq(ctx, events.StreamVerdict)
	if err != nil {
		return err
	}
	fmt.Fprintln(io.err, "following windows and verdicts, stop with Ctrl-C")
	var mu sync.Mutex
	say := func(format string, args ...any) error {
		mu.Lock()
		defer mu.Unlock()
		_, err := fmt.Fprintf(io.out, format+"\n", args...)
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return followDocuments(ctx, io, b, events.StreamWindow, events.WindowSubjects, windows+1, func(m bus.Message, r *events.WindowRequest) error {
			return say("window %d of %s: %d runs of %d ticks", m.Seq, r.Pipeline, r.Runs, r.Ticks)
		})
	})
	group.Go(func() error {
		return followDocuments(ctx, io, b, events.StreamVerdict, "", verdicts+1, func(_ bus.Message, v *events.Verdict) error {
			return say("%s window %d of %s: %s", v.Outcome, v.Window, v.Pipeline, report.Headline(v))
		})
	})
	return group.Wait()
}

// followDocuments follows a stream of JSON documents; one that cannot be read is told
// on standard error.
func followDocuments[T any](ctx context.Context, io *streams, b *bus.Bus, stream, filter string, from uint64, handle func(bus.Message, *T) error) error {
	return b.Follow(ctx, stream, filter, from, func(m bus.Message) error {
		doc := new(T)
		if err := events.Decode(m.Data, doc); err != nil {
			io.say("%s sequence %d: %v", m.Stream, m.Seq, err)
			return nil
		}
		return handle(m, doc)
	})
}
