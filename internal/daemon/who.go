package daemon

import (
	"path/filepath"
	"strings"

	"abraxas.dev/ers/pkg/bus"
)

// Who are the flags that say who we are to the server.
type Who struct {
	Creds       string `env:"NATS_CREDS" placeholder:"FILE" help:"Credentials file."`
	NKey        string `name:"nkey" env:"NATS_NKEY" placeholder:"FILE" help:"File with the seed of an NKey user."`
	TLSCA       string `name:"tls-ca" env:"NATS_CA" placeholder:"FILE" help:"Certificates of the authority that signed the server's (PEM)."`
	TLSCert     string `name:"tls-cert" env:"NATS_CERT" placeholder:"FILE" help:"Our own certificate (PEM), for a server that asks for one."`
	TLSKey      string `name:"tls-key" env:"NATS_KEY" placeholder:"FILE" help:"The key of our own certificate (PEM)."`
	InboxPrefix string `placeholder:"SUBJECT" help:"Begins the subjects of answers, for a user who may not subscribe to _INBOX."`
}

// Identity is what the flags say.
func (w *Who) Identity() bus.Identity {
	return bus.Identity{Creds: w.Creds, NKey: w.NKey, CA: w.TLSCA, Cert: w.TLSCert, Key: w.TLSKey}
}

// Files are the files that say who we are, of a connection to a server: the whole folder
// of a context that is named by its path.
func (w *Who) Files(server string) []string {
	i := w.Identity()
	list := i.Files()
	if path, ok := strings.CutPrefix(server, bus.ContextScheme); ok && filepath.IsAbs(path) {
		list = append(list, filepath.Dir(path))
	}
	return list
}
