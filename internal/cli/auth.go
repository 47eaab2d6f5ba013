package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/internal/authdir"
	"abraxas.dev/ers/pkg/report"
)

type authCommand struct {
	Init      authInitCommand      `cmd:"" help:"Write a server's configuration that lets each role do what it must and nothing else, with the keys of all roles."`
	AddTenant authAddTenantCommand `cmd:"" help:"Add a tenant to the folder of auth init. What is there stays as it is."`
}

type authAddTenantCommand struct {
	Dir  string `arg:"" type:"path" help:"The folder that ers auth init has written."`
	Name string `arg:"" help:"Name of the tenant: streams and roles of its own, of which the others see nothing."`
}

func (*authAddTenantCommand) examples() string {
	return `  ers auth add-tenant auth green
  nats-server --signal reload                  twice: the server then lets it in
`
}

func (c *authAddTenantCommand) Run(_ context.Context, io *streams) error {
	if err := authdir.AddTenant(c.Dir, c.Name, time.Now()); err != nil {
		return err
	}
	_, err := fmt.Fprintf(io.text(), "The server:    nats-server --signal reload, and once more: only then its new accounts reach each other\n%s", tenantText(c.Dir, c.Name))
	return err
}

type authInitCommand struct {
	Dir    string   `arg:"" type:"path" help:"Folder to write. It must not be there, or be empty."`
	Tenant []string `placeholder:"NAME" help:"A tenant: streams and roles of its own, of which the others see nothing. May be given several times; without it there is one, ers."`
	Listen string   `default:"127.0.0.1:4222" placeholder:"HOST:PORT" help:"Where the server listens (${default})."`
	Host   []string `placeholder:"NAME" help:"A name or address by which the server is reached, for its certificate. May be given several times; the first one is what the roles connect to."`
}

func (*authInitCommand) examples() string {
	return `  ers auth init auth                           one server for this machine
  ers auth init auth --tenant red --tenant blue --listen 0.0.0.0:4222 --host nats.example.org
  NATS_URL=context:$PWD/auth/ers/viewer/context.json ers list
`
}

func (c *authInitCommand) Run(_ context.Context, io *streams) error {
	if len(c.Tenant) == 0 {
		c.Tenant = []string{"ers"}
	}
	if err := authdir.Write(authdir.Options{Dir: c.Dir, Tenants: c.Tenant, Listen: c.Listen, Hosts: c.Host, Now: time.Now()}); err != nil {
		return err
	}
	_, err := fmt.Fprintf(io.text(), "The server:    nats-server -c %s\n%s",
		report.ShellWord(filepath.Join(c.Dir, authdir.ServerFile)), tenantText(c.Dir, c.Tenant[0]))
	return err
}

// tenantText says what is to be done for a tenant, and where its roles are.
func tenantText(dir, tenant string) string {
	var names []string
	for _, r := range auth.Roles() {
		names = append(names, string(r))
	}
	admin := filepath.Join(authdir.RoleFolder(dir, tenant, auth.Administrator), authdir.ContextFile)
	return fmt.Sprintf(`Its streams:   ers streams create --nats context:%s
A folder each: %s/ROLE, for %s
`, report.ShellWord(admin), report.ShellWord(filepath.Join(dir, tenant)), strings.Join(names, ", "))
}
