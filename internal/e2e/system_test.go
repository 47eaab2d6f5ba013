package e2e

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"abraxas.dev/ers/internal/daemon"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

var services = []string{"ers-coordinator", "ers-hasher", "ers-gate"}

// system is a NATS server of its own and what a test does with it.
type system struct {
	*scene
	url       string
	bus       *bus.Bus
	processes []*process
}

// newSystem starts a server without any service.
func newSystem(t *testing.T) *system {
	t.Helper()
	return newScene(t).connect(bustest.NewServer(t).URL())
}

// connect returns the system on a server that runs.
func (s *scene) connect(url string) *system {
	s.t.Helper()
	return &system{scene: s, url: url, bus: bustest.Connect(s.t, url)}
}

// start starts a service on the server.
func (s *system) start(name string) *process {
	s.t.Helper()
	p := s.run(name, "--nats", s.url, "--log-level", "debug")
	s.processes = append(s.processes, p)
	return p
}

// startAll starts one of each service and returns them by name.
func (s *system) startAll() map[string]*process {
	s.t.Helper()
	all := make(map[string]*process)
	for _, name := range services {
		all[name] = s.start(name)
	}
	return all
}

// submit asks for a window.
func (s *system) submit(p *pipelineFixture) uint64 {
	s.t.Helper()
	key, err := client.Submit(s.ctx, s.bus, p.file(s.t), p.change)
	if err != nil {
		s.t.Fatal(err)
	}
	return key.Window
}

// verdict waits for the verdict on a window.
func (s *system) verdict(p *pipelineFixture, window uint64) *events.Verdict {
	s.t.Helper()
	_, key, err := client.Get(s.ctx, s.bus, window)
	if err != nil {
		s.t.Fatal(err)
	}
	v, _, err := client.Verdict(s.ctx, s.bus, key)
	if err != nil {
		s.t.Fatalf("verdict on window %d: %v: %v", window, err, context.Cause(s.ctx))
	}
	return v
}

// awaitMessage waits for the first message on a filter that enough says yes to. It
// is asked about each in order, from the stream's start.
func (s *system) awaitMessage(stream, filter string, enough func(bus.Message) bool) bus.Message {
	s.t.Helper()
	var found bus.Message
	errEnough := errors.New("enough")
	err := s.bus.Follow(s.ctx, stream, filter, 1, func(m bus.Message) error {
		if found = m; enough(m) {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		s.t.Fatalf("waiting for a message on %s of %s: %v: %v", filter, stream, err, context.Cause(s.ctx))
	}
	return found
}

// awaitServices waits until services answer on the server.
func (s *system) awaitServices(names ...string) {
	s.t.Helper()
	for _, name := range names {
		for {
			_, err := s.bus.Ask(s.ctx, daemon.HealthSubject+name)
			if err == nil {
				break
			}
			if !errors.Is(err, nats.ErrNoResponders) {
				s.t.Fatalf("%s: %v", name, err)
			}
			select {
			case <-time.After(20 * time.Millisecond):
			case <-s.ctx.Done():
			}
		}
	}
}

// awaitStatus waits until the test's own connection has a status. What it asks a server
// for that is going away may be lost.
func (s *system) awaitStatus(status nats.Status) {
	s.t.Helper()
	changed := s.bus.Conn().StatusChanged(status)
	if s.bus.Conn().Status() == status {
		return
	}
	select {
	case <-changed:
	case <-s.ctx.Done():
		s.t.Fatalf("waiting for a connection that is %s: %v", status, context.Cause(s.ctx))
	}
}

// read returns the messages that are on a filter now.
func (s *system) read(stream, filter string) []bus.Message {
	s.t.Helper()
	var list []bus.Message
	for m, err := range s.bus.Read(s.ctx, stream, filter, 1, 0) {
		if err != nil {
			s.t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

// publish puts a message on the bus as anyone can who may write there, and returns
// its sequence.
func (s *system) publish(subject string, data []byte) uint64 {
	s.t.Helper()
	ack, err := s.bus.JetStream().Publish(s.ctx, subject, data)
	if err != nil {
		s.t.Fatal(err)
	}
	return ack.Sequence
}

// publishNext puts behind the last message on a subject what next makes of it, and
// tries again when the services are faster.
func (s *system) publishNext(stream, subject string, next func(last bus.Message) []byte) uint64 {
	s.t.Helper()
	ctx := s.ctx
	for {
		last, err := s.bus.Last(ctx, stream, subject)
		if err != nil {
			s.t.Fatal(err)
		}
		seq, err := s.bus.Append(ctx, subject, last.Seq, next(last))
		if err == nil {
			return seq
		}
		if !errors.Is(err, bus.ErrConflict) {
			s.t.Fatal(err)
		}
	}
}

// serve runs what is given until the test ends, and expects that it returns nil then.
func serve(t *testing.T, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("services: %v", err)
		}
	})
}
