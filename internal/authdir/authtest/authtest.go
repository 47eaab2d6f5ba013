// Package authtest gives tests a real server with the configuration that package authdir
// writes, and connections to it under each role.
package authtest

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/internal/authdir"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
)

// A Place is a server and the folder that says who may what on it.
type Place struct {
	Dir string
	Log string // the server's, a file
	URL string

	server    *server.Server
	witnesses map[string]nkeys.KeyPair // by account
}

// Start writes a folder for tenants and starts a server with it that stops when the test
// ends. The streams of each tenant are there.
func Start(t testing.TB, tenants ...string) *Place {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().String()
	_ = l.Close()
	p := &Place{Dir: filepath.Join(t.TempDir(), "auth"), Log: filepath.Join(t.TempDir(), "server.log"), URL: "tls://" + listen}
	if err := authdir.Write(authdir.Options{Dir: p.Dir, Tenants: tenants, Listen: listen, Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	s, err := server.NewServer(p.options(t))
	if err != nil {
		t.Fatal(err)
	}
	s.ConfigureLogger()
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	p.server = s
	for _, tenant := range tenants {
		p.Create(t, tenant)
	}
	return p
}

// options are what the folder says, and what is needed in tests.
func (p *Place) options(t testing.TB) *server.Options {
	t.Helper()
	opts, err := server.ProcessConfigFile(filepath.Join(p.Dir, authdir.ServerFile))
	if err != nil {
		t.Fatal(err)
	}
	p.addWitnesses(t, opts)
	opts.NoSigs, opts.SyncAlways, opts.LogFile, opts.Debug, opts.Trace = true, false, p.Log, true, true
	return opts
}

// Reload has the server read the folder again.
func (p *Place) Reload(t testing.TB) {
	t.Helper()
	if err := p.server.ReloadOptions(p.options(t)); err != nil {
		t.Fatal(err)
	}
}

// Create creates the streams of a tenant.
func (p *Place) Create(t testing.TB, tenant string) {
	t.Helper()
	c := p.Config(tenant, auth.Administrator)
	c.Create = true
	p.open(t, c)
}

// Context names the context of a tenant's role, as a command takes it.
func (p *Place) Context(tenant string, r auth.Role) string {
	return bus.ContextScheme + filepath.Join(authdir.RoleFolder(p.Dir, tenant, r), authdir.ContextFile)
}

// Config connects under a tenant's role.
func (p *Place) Config(tenant string, r auth.Role) bus.Config {
	in := func(name string) string { return filepath.Join(authdir.RoleFolder(p.Dir, tenant, r), name) }
	return bus.Config{URL: p.URL, Name: string(r), Identity: bus.Identity{NKey: in(authdir.SeedFile), CA: in(authdir.CAFile), Cert: in(authdir.CertFile), Key: in(authdir.KeyFile)}}
}

// Open connects under a tenant's role until the test ends.
func (p *Place) Open(t testing.TB, tenant string, r auth.Role) *bus.Bus {
	t.Helper()
	c := p.Config(tenant, r)
	c.ReadOnly = !r.MayPublish("ers.window.starlark.p") && !r.Serves()
	return p.open(t, c)
}

// Dial connects under a tenant's role until the test ends, and looks at no stream.
func (p *Place) Dial(t testing.TB, tenant string, r auth.Role) *bus.Bus {
	t.Helper()
	b, err := bus.Dial(p.Config(tenant, r))
	if err != nil {
		t.Fatalf("%s: %v", r, err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func (p *Place) open(t testing.TB, c bus.Config) *bus.Bus {
	t.Helper()
	c.Log = bustest.Log(t)
	b, err := bus.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// Secrets are the seeds and private keys of the folder, as they must be seen nowhere.
func (p *Place) Secrets(t testing.TB) (list []string) {
	t.Helper()
	err := filepath.WalkDir(p.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		list = append(list, secretsIn(string(text))...)
		return err
	})
	if err != nil || len(list) == 0 {
		t.Fatal(strconv.Itoa(len(list))+" secrets in "+p.Dir, err)
	}
	return list
}
