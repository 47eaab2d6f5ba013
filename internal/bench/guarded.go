package bench

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/internal/authdir"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
)

// A server as `ers auth init` configures it: TLS on both sides, and of each service only what
// its role may.

const guardTenant = "bench"

// newGuard writes the folder for such a server.
func newGuard(dir string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	listen := l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	return authdir.Write(authdir.Options{Dir: dir, Tenants: []string{guardTenant}, Listen: listen, Now: time.Now()})
}

// guardRole is the role under which a part of a measurement connects.
var guardRole = map[Role]auth.Role{
	Coordinator: auth.Coordinator, Publisher: auth.Coordinator,
	Hasher: auth.Hasher, Counter: auth.Hasher, Echo: auth.Hasher,
	Gate: auth.Gate,
}

// guardContext names the context with which a role connects.
func guardContext(dir string, r auth.Role) string {
	return bus.ContextScheme + filepath.Join(authdir.RoleFolder(dir, guardTenant, r), authdir.ContextFile)
}

// serveGuarded is [Serve] of a [Server] that the folder c.StoreDir configures.
func serveGuarded(ctx context.Context, c embedded.Config, out io.Writer) error {
	opts, err := server.ProcessConfigFile(filepath.Join(c.StoreDir, authdir.ServerFile))
	if err != nil {
		return err
	}
	opts.NoSigs, opts.SyncAlways = true, c.SyncAlways
	if !c.SyncAlways {
		opts.SyncInterval = 2 * time.Minute // the server's own
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return err
	}
	s.Start()
	defer s.WaitForShutdown()
	defer s.Shutdown()
	if !s.ReadyForConnections(10 * time.Second) {
		return fmt.Errorf("the NATS server of %s is not ready after 10 s", c.StoreDir)
	}
	_, err = fmt.Fprintln(out, s.ClientURL())
	<-ctx.Done()
	return err
}
