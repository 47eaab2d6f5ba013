package authtest

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"abraxas.dev/ers/internal/auth"
)

// addWitnesses adds a user to each account, who may hear everything in it.
func (p *Place) addWitnesses(t testing.TB, opts *server.Options) {
	t.Helper()
	p.witnesses = make(map[string]nkeys.KeyPair)
	for _, account := range opts.Accounts {
		pair, err := nkeys.CreateUser()
		if err != nil {
			t.Fatal(err)
		}
		public, err := pair.PublicKey()
		if err != nil {
			t.Fatal(err)
		}
		p.witnesses[account.Name] = pair
		opts.Nkeys = append(opts.Nkeys, &server.NkeyUser{Nkey: public, Account: account})
	}
}

// Witness connects as somebody who may hear everything in the account of a tenant's role,
// until the test ends.
func (p *Place) Witness(t testing.TB, tenant string, r auth.Role) *nats.Conn {
	t.Helper()
	account := tenant
	if r.Apart() {
		account += "-" + string(r)
	}
	pair := p.witnesses[account]
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	c := p.Config(tenant, r)
	n, err := nats.Connect(c.URL, nats.Timeout(10*time.Second), nats.Nkey(public, pair.Sign),
		nats.RootCAs(c.Identity.CA), nats.ClientCert(c.Identity.Cert, c.Identity.Key))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}
