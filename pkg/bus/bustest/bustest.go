// Package bustest gives tests a real bus: an embedded server on a temporary folder.
package bustest

import (
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
)

// Open returns a bus on an embedded server with its data in a folder of the test,
// closed when the test ends. Each change is applied to its configuration first.
func Open(t testing.TB, change ...func(*embedded.Config)) *bus.Bus {
	t.Helper()
	c := embedded.Config{StoreDir: t.TempDir(), Config: bus.Config{Name: t.Name(), Create: true, Log: Log(t)}}
	for _, f := range change {
		f(&c)
	}
	b, err := embedded.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close the bus: %v", err)
		}
	})
	return b
}

// Connect returns a bus on the server at url, closed when the test ends.
func Connect(t testing.TB, url string, change ...func(*embedded.Config)) *bus.Bus {
	t.Helper()
	at := func(c *embedded.Config) { c.URL, c.StoreDir, c.Create = url, "", true }
	return Open(t, append(change, at)...)
}

// Log writes what a bus has to say into the log of the test.
func Log(t testing.TB) zerolog.Logger {
	return zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.ErrorLevel)
}

// A Server is a NATS server with JetStream on a TCP port of the loopback interface,
// for tests with several connections or processes, and for tests that stop it.
type Server struct {
	t    testing.TB
	opts server.Options
	s    *server.Server
}

// NewServer starts a server that stops when the test ends. Each change is applied to
// its options first.
func NewServer(t testing.TB, change ...func(*server.Options)) *Server {
	t.Helper()
	s := &Server{t: t, opts: server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT,
		JetStream: true, StoreDir: t.TempDir(),
		NoSigs: true, NoLog: true,
	}}
	for _, f := range change {
		f(&s.opts)
	}
	s.Start()
	s.opts.Port = s.s.Addr().(*net.TCPAddr).Port
	t.Cleanup(s.Stop)
	return s
}

// URL is where the server is, also while it is stopped.
func (s *Server) URL() string { return s.s.ClientURL() }

// Account is the account of clients that name none.
func (s *Server) Account() *server.Account { return s.s.GlobalAccount() }

// Messages is how many messages clients have sent and got since the server was started.
func (s *Server) Messages() (sent, got int64) {
	s.t.Helper()
	v, err := s.s.Varz(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return v.InMsgs, v.OutMsgs
}

// Start starts the server again after Stop, with its data and on its port.
func (s *Server) Start() {
	s.t.Helper()
	opts := s.opts // the server writes into it
	var err error
	if s.s, err = server.NewServer(&opts); err != nil {
		s.t.Fatal(err)
	}
	s.s.Start()
	if !s.s.ReadyForConnections(10 * time.Second) {
		s.t.Fatal("the NATS server does not start")
	}
}

// Stop stops the server. Its clients reconnect when it is started again.
func (s *Server) Stop() {
	s.s.Shutdown()
	s.s.WaitForShutdown()
}
