package bench

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/program/exec"
	"abraxas.dev/ers/pkg/service"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/service/feed"
	"abraxas.dev/ers/pkg/service/gate"
	"abraxas.dev/ers/pkg/service/hasher"
	"abraxas.dev/ers/pkg/worker"
)

// Role is what a process, or a part of this one, does in a measurement.
type Role string

const (
	Server      Role = "server"
	Coordinator Role = "coordinator"
	Hasher      Role = "hasher"
	Gate        Role = "gate"      // with its feed
	Asker       Role = "asker"     // a coordinator that asks workers
	Worker      Role = "worker"    // a worker, at the other end of a pipe
	Publisher   Role = "publisher" // a coordinator that does no work
	Counter     Role = "counter"   // a hasher that does no work
	Echo        Role = "echo"      // a hasher that does no work, and answers as if it had
)

// The services of the whole pipeline, and those that only move its bytes.
var (
	pipelineRoles = []Role{Coordinator, Hasher, Gate}
	rawRoles      = []Role{Publisher, Counter}
)

// loadFunc is a coordinator.Config.Load.
type loadFunc = func(context.Context, *events.WindowRequest) (coordinator.Program, error)

// Serve is the main of a process of its own: it plays a role until in ends, as it does
// when the process that started it is gone; the input of a [Worker] is what it is asked. With [Server] c is an embedded server to
// start, whose URL is written to out as a line; if guarded, its store is the folder that configures it. Else
// c names the server to connect to.
func Serve(ctx context.Context, role Role, c embedded.Config, guarded bool, in io.Reader, out io.Writer) error {
	if role == Worker {
		return worker.Serve(ctx, in, out, nil, workerTasks.inOneLane()...)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	if guarded {
		return serveGuarded(ctx, c, out)
	}
	b, err := embedded.Open(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(serve(ctx, b, role, c.Log, out), b.Close())
}

func serve(ctx context.Context, b *bus.Bus, role Role, log zerolog.Logger, out io.Writer) error {
	if role == Server {
		_, err := fmt.Fprintln(out, b.URL())
		<-ctx.Done()
		return err
	}
	run, err := serviceOf(b, role, log)
	if err != nil {
		return err
	}
	return run(ctx)
}

// service makes what plays the role of a service until its context ends.
func serviceOf(b *bus.Bus, role Role, log zerolog.Logger) (run func(context.Context) error, err error) {
	switch role {
	case Coordinator:
		return coordinator.New(coordinator.Config{Bus: b, Load: loadTasks, Kinds: []string{kind}, Log: log}).Run, nil
	case Asker:
		load := service.Loader(b, nil, exec.Config{Log: log}, exec.AllowAll)
		return coordinator.New(coordinator.Config{Bus: b, Load: load, Kinds: []string{program.KindExec}, Log: log}).Run, nil
	case Hasher:
		return hasher.New(hasher.Config{Bus: b, Log: log}).Run, nil
	case Gate:
		g, f := gate.New(gate.Config{Bus: b, Log: log}), feed.New(feed.Config{Bus: b, Log: log})
		return func(ctx context.Context) error { return f.Beside(ctx, g.Run) }, nil
	case Publisher:
		return (&publisher{bus: b}).run, nil
	case Echo:
		return (&echo{bus: b, group: b.NewGroup(), runs: make(map[string]*echoed)}).run, nil
	case Counter:
		return (&counter{bus: b}).run, nil
	}
	return nil, fmt.Errorf("unknown role %q", role)
}
