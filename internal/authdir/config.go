package authdir

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"

	"abraxas.dev/ers/internal/auth"
)

const (
	tlsFolder   = "tls"
	caKeyFile   = "ca-key.pem"
	storeFolder = "jetstream"
)

// serverConf is the configuration of the server. Its paths are whole, since nats-server
// takes others from where it is started.
func (o *Options) serverConf(dir string) []byte {
	in := func(name ...string) string { return filepath.Join(append([]string{dir}, name...)...) }
	return fmt.Appendf(nil, `# A NATS server for ERS, written by "ers auth init". Start it with
#   nats-server -c %s
# A key is taken away, or given, in %s; nats-server --signal reload then reads it again.

listen: %q

jetstream {
  store_dir: %q
  sync_interval: always   # before each acknowledgement; without it a power cut may take up to 2 minutes
}

tls {
  cert_file: %q
  key_file: %q
  ca_file: %q
  verify: true   # only clients with a certificate of this authority
  timeout: 5
}

include %q
`, in(ServerFile), accountsFile, o.Listen, in(storeFolder), in(tlsFolder, CertFile), in(tlsFolder, KeyFile), in(tlsFolder, CAFile), accountsFile)
}

// context is the context of the nats CLI, which ERS takes too, with which a role connects.
func (o *Options) context(folder, tenant string, r auth.Role) ([]byte, error) {
	host, port, _ := net.SplitHostPort(o.Listen) // checked
	switch {
	case len(o.Hosts) > 0:
		host = o.Hosts[0]
	case host == "", host == "0.0.0.0", host == "::":
		host = "127.0.0.1"
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	text, err := json.MarshalIndent(map[string]string{
		"description": fmt.Sprintf("ERS, %s of %s", r, tenant), "url": "tls://" + net.JoinHostPort(host, port),
		"nkey": in(SeedFile), "ca": in(CAFile), "cert": in(CertFile), "key": in(KeyFile), "inbox_prefix": r.Inbox(),
	}, "", "  ")
	return append(text, '\n'), err
}

// What accounts.conf has, in the words of nats-server.
type account struct {
	JetStream string           `json:"jetstream,omitempty"`
	Users     []user           `json:"users"`
	Exports   []export         `json:"exports,omitempty"`
	Imports   []map[string]any `json:"imports,omitempty"`
}

type user struct {
	NKey        string      `json:"nkey"`
	Permissions permissions `json:"permissions"`
}

type permissions struct {
	Publish   allow          `json:"publish"`
	Subscribe allow          `json:"subscribe"`
	Responses map[string]any `json:"allow_responses,omitempty"`
}

type allow struct {
	Allow []string `json:"allow"`
}

type export struct {
	Service  string   `json:"service,omitempty"`
	Stream   string   `json:"stream,omitempty"`
	Response string   `json:"response_type,omitempty"`
	Accounts []string `json:"accounts"`
}

// accountsConf is the accounts of all tenants: one with the streams, and one for each role
// that lives apart. JSON is a form of nats-server's own.
func accountsConf(tenants []string, keys map[string]string) ([]byte, error) {
	all := make(map[string]account)
	for _, tenant := range tenants {
		maps.Copy(all, tenantAccounts(tenant, keys))
	}
	text, err := encodeAccounts(all)
	return append([]byte("# Who may what, made of the table of roles.\n"+accountsHead), text[1:]...), err
}

// accountsHead is where the accounts begin.
const accountsHead = "accounts: {"

func encodeAccounts(all map[string]account) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // the server takes \u003e for what it is not
	encoder.SetIndent("", "  ")
	err := encoder.Encode(all)
	return text.Bytes(), err
}

// tenantAccounts are the accounts of a tenant, by name.
func tenantAccounts(tenant string, keys map[string]string) map[string]account {
	all := make(map[string]account)
	main := account{JetStream: "enabled"}
	for _, r := range auth.Roles() {
		u := newUser(keys[tenant+"/"+string(r)], r)
		if !r.Apart() {
			main.Users = append(main.Users, u)
			continue
		}
		name := apartAccount(tenant, r)
		all[name] = account{Users: []user{u}, Imports: imports(tenant, r)}
		main.Exports = append(main.Exports, exports(name, r)...)
	}
	main.Exports = merged(main.Exports)
	all[tenant] = main
	return all
}

func apartAccount(tenant string, r auth.Role) string { return tenant + "-" + string(r) }

func accountsOf(tenant string) (list []string) {
	for _, r := range auth.Roles() {
		list = append(list, apartAccount(tenant, r))
	}
	return list
}

func newUser(key string, r auth.Role) user {
	u := user{NKey: key, Permissions: permissions{Publish: allow{r.Publish()}, Subscribe: allow{r.Subscribe()}}}
	if r.Serves() {
		u.Permissions.Responses = map[string]any{"max": 1, "expires": "1m"}
	}
	return u
}

// imports are what a role that lives apart reaches of its tenant's account.
func imports(tenant string, r auth.Role) (list []map[string]any) {
	of := func(kind, subject string) {
		list = append(list, map[string]any{kind: map[string]string{"account": tenant, "subject": subject}})
	}
	for _, subject := range r.Publish() {
		of("service", subject)
	}
	for _, subject := range r.Subscribe()[1:] { // the first is its own inbox
		of("stream", subject)
	}
	return list
}

// exports are the other side of it.
func exports(account string, r auth.Role) (list []export) {
	for _, subject := range r.Publish() {
		e := export{Service: subject, Accounts: []string{account}}
		if auth.SeveralAnswers(subject) {
			e.Response = "stream"
		}
		list = append(list, e)
	}
	for _, subject := range r.Subscribe()[1:] {
		list = append(list, export{Stream: subject, Accounts: []string{account}})
	}
	return list
}

// merged puts together what goes to several accounts.
func merged(list []export) (short []export) {
	for _, e := range list {
		i := slices.IndexFunc(short, func(o export) bool { return o.Service == e.Service && o.Stream == e.Stream })
		if i < 0 {
			short = append(short, e)
			continue
		}
		short[i].Accounts = append(short[i].Accounts, e.Accounts...)
	}
	return short
}
