package bench

import (
	"context"
	"fmt"
	"io"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/coordinator"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/feed"
	"abraxas.dev/ers/pkg/gate"
	"abraxas.dev/ers/pkg/hasher"
)

// Role is what a process, or a part of this one, does in a measurement.
type Role string

const (
	Server      Role = "server"
	Coordinator Role = "coordinator"
	Hasher      Role = "hasher"
	Gate        Role = "gate"      // with its feed
	Publisher   Role = "publisher" // a coordinator that does no work
	Counter     Role = "counter"   // a hasher that does no work
)

// The services of the whole pipeline, and those that only move its bytes.
var (
	pipelineRoles = []Role{Coordinator, Hasher, Gate}
	rawRoles      = []Role{Publisher, Counter}
)

// loadFunc is a coordinator.Config.Load.
type loadFunc = func(context.Context, *events.WindowRequest) (coordinator.Program, error)

// Serve is the main of a process of its own: it plays a role until in ends, as it does
// when the process that started it is gone. With [Server] c is an embedded server to
// start, whose URL is written to out as a line; else it is the server to connect to.
func Serve(ctx context.Context, role Role, c bus.Config, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	b, err := bus.Open(ctx, c)
	if err != nil {
		return err
	}
	if role == Server {
		if _, err = fmt.Fprintln(out, b.URL()); err == nil {
			<-ctx.Done()
		}
	} else {
		err = serve(ctx, b, role, loadTasks, c.Log)
	}
	if closing := b.Close(); err == nil {
		err = closing
	}
	return err
}

// serve plays the role of a service until ctx ends.
func serve(ctx context.Context, b *bus.Bus, role Role, load loadFunc, log zerolog.Logger) error {
	switch role {
	case Coordinator:
		return coordinator.New(coordinator.Config{Bus: b, Load: load, Log: log}).Run(ctx)
	case Hasher:
		return hasher.New(hasher.Config{Bus: b, Log: log}).Run(ctx)
	case Gate:
		return feed.New(feed.Config{Bus: b, Log: log}).Beside(ctx, gate.New(gate.Config{Bus: b, Log: log}).Run)
	case Publisher:
		return (&publisher{bus: b, group: b.NewGroup()}).run(ctx)
	case Counter:
		return (&counter{bus: b}).run(ctx)
	}
	return fmt.Errorf("unknown role %q", role)
}
