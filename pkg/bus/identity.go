package bus

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/nats-io/nats.go"

	"abraxas.dev/ers/internal/auth"
)

// Identity says who we are to the server, and how we know it. Empty is nothing of it.
type Identity struct {
	Creds string // a credentials file
	NKey  string // a file with an NKey's seed, as `ers auth init` writes it

	CA        string // certificates of who signed the server's, in PEM
	Cert, Key string // our own certificate and its key, in PEM
}

// Files are the files of the identity that others must not read.
func (i *Identity) Files() (list []string) {
	for _, name := range []string{i.Creds, i.NKey, i.Key} {
		if name != "" {
			list = append(list, name)
		}
	}
	return list
}

// check finds what the server could only answer with a riddle.
func (i *Identity) check() error {
	switch {
	case i.Creds != "" && i.NKey != "":
		return errors.New("--creds (NATS_CREDS) and --nkey (NATS_NKEY) both say who we are: leave out one of them")
	case (i.Cert == "") != (i.Key == ""):
		return errors.New("--tls-cert and --tls-key (NATS_CERT and NATS_KEY) go together, and one of them is missing")
	}
	for _, file := range []struct{ what, name string }{
		{"credentials file (--creds or NATS_CREDS)", i.Creds},
		{"NKey's seed (--nkey or NATS_NKEY)", i.NKey},
		{"certificates of the server's authority (--tls-ca or NATS_CA)", i.CA},
		{"our certificate (--tls-cert or NATS_CERT)", i.Cert},
		{"our certificate's key (--tls-key or NATS_KEY)", i.Key},
	} {
		if file.name != "" && readable(file.name) != nil {
			return fmt.Errorf("%s: %w", file.what, readable(file.name))
		}
	}
	return nil
}

// options are those of the connection.
func (i *Identity) options() (opts []nats.Option, err error) {
	if i.Creds != "" {
		opts = append(opts, nats.UserCredentials(i.Creds))
	}
	if i.NKey != "" {
		option, err := nats.NkeyOptionFromSeed(i.NKey)
		if err != nil { // its text may quote the file
			return nil, fmt.Errorf("%s (--nkey or NATS_NKEY) is not a file with the seed of an NKey user, as `ers auth init` writes it", i.NKey)
		}
		opts = append(opts, option)
	}
	if i.CA != "" {
		opts = append(opts, nats.RootCAs(i.CA))
	}
	if i.Cert != "" {
		if _, err := tls.LoadX509KeyPair(i.Cert, i.Key); err != nil {
			return nil, fmt.Errorf("certificate %s with key %s: %w", i.Cert, i.Key, err)
		}
		opts = append(opts, nats.ClientCert(i.Cert, i.Key))
	}
	return opts, nil
}

// InboxLine begins the line of a file with a seed that says where its user awaits answers.
const InboxLine = "# inbox prefix: "

// inboxPrefix is what the file with the seed says of it; empty when it does not.
func (i *Identity) inboxPrefix() string {
	if i.NKey == "" {
		return ""
	}
	text, err := os.ReadFile(i.NKey)
	if err != nil {
		return "" // connecting says it
	}
	for line := range strings.Lines(string(text)) {
		if prefix, ok := strings.CutPrefix(strings.TrimSpace(line), InboxLine); ok {
			return prefix
		}
	}
	return ""
}

// role is who we are by the table of rights, where our answers come as it says.
func (b *Bus) role() (auth.Role, bool) {
	if b.nc == nil {
		return "", false
	}
	return auth.RoleOf(b.nc.Opts.InboxPrefix)
}
