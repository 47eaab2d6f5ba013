// Package authdir writes the folder with which a server of ERS lets in who it knows, and
// nobody else: a configuration for nats-server, made of the table in package auth, and
// for each role the key, the certificate and the context with which its commands connect.
package authdir

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/pkg/events"
)

// Options say what is written.
type Options struct {
	Dir     string
	Tenants []string  // a name each; each has streams of its own, and sees nothing of the others
	Listen  string    // HOST:PORT of the server
	Hosts   []string  // names and addresses by which it is reached, besides those of this machine's loopback
	Now     time.Time // certificates are good from here on
}

// Files in the folder, and in that of a role.
const (
	ServerFile   = "server.conf"
	accountsFile = "accounts.conf"

	SeedFile    = "seed.nk"
	CertFile    = "cert.pem"
	KeyFile     = "key.pem"
	CAFile      = "ca.pem"
	ContextFile = "context.json"
)

// RoleFolder is where the files of a tenant's role are.
func RoleFolder(dir, tenant string, r auth.Role) string {
	return filepath.Join(dir, tenant, string(r))
}

// Write writes the folder, which must not be there or be empty.
//
// Commit point: the folder gets its name when all is in it. A crash before it leaves a
// folder beside it whose name ends with .partial, and that nobody reads.
func Write(o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return err
	}
	if err := mustBeFree(dir); err != nil {
		return err
	}
	files, err := o.files(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o750); err != nil {
		return err
	}
	partial, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-*.partial") // mode 0700
	if err != nil {
		return err
	}
	if err = writeAll(partial, files); err == nil {
		if err = os.Rename(partial, dir); errors.Is(err, fs.ErrExist) {
			err = fmt.Errorf("%s: %w", dir, errTaken) // another was faster
		}
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(partial))
	}
	return nil
}

var errTaken = errors.New("something is there already, and is not written over: name another folder, or remove this one; who has a key of it is then let in no more")

// mustBeFree refuses a folder in which there is something.
func mustBeFree(dir string) error {
	list, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(list) > 0:
		return fmt.Errorf("%s: %w", dir, errTaken)
	}
	return nil
}

func writeAll(dir string, files map[string][]byte) error {
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := writeSynced(path, text); err != nil {
			return err
		}
	}
	return nil
}

func writeSynced(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func (o *Options) check() error {
	if len(o.Tenants) == 0 {
		return errors.New("no tenant is named")
	}
	for i, name := range o.Tenants {
		if err := checkTenant(name); err != nil {
			return err
		}
		for _, other := range o.Tenants[:i] {
			if name == other {
				return fmt.Errorf("tenant %s is named twice", name)
			}
			if slices.Contains(accountsOf(other), name) || slices.Contains(accountsOf(name), other) {
				return fmt.Errorf("tenants %s and %s: an account of one would have the name of the other", other, name)
			}
		}
	}
	if _, _, err := net.SplitHostPort(o.Listen); err != nil {
		return fmt.Errorf("--listen %s: want HOST:PORT", o.Listen)
	}
	return nil
}

func checkTenant(name string) error {
	if err := events.CheckPipelineName(name); err != nil {
		return fmt.Errorf("tenant: %w", err)
	}
	if name == tlsFolder || name == storeFolder || name == "SYS" {
		return fmt.Errorf("tenant %s: the name is taken by the server", name)
	}
	return nil
}

// files are all that is written, by their names in the folder.
func (o *Options) files(dir string) (map[string][]byte, error) {
	ca, err := newAuthority(o.Now)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{ServerFile: o.serverConf(dir), tlsFolder + "/" + CAFile: ca.cert, tlsFolder + "/" + caKeyFile: ca.key}
	host, _, _ := net.SplitHostPort(o.Listen) // checked
	server, err := ca.issue("ers server", append([]string{"localhost", "127.0.0.1", "::1", host}, o.Hosts...))
	if err != nil {
		return nil, err
	}
	files[tlsFolder+"/"+CertFile], files[tlsFolder+"/"+KeyFile] = server.cert, server.key
	keys := make(map[string]string) // public, by tenant and role
	for _, tenant := range o.Tenants {
		if err := o.addRoles(files, keys, ca, dir, tenant); err != nil {
			return nil, err
		}
	}
	files[accountsFile], err = accountsConf(o.Tenants, keys)
	return files, err
}

// addRoles adds the files of all roles of a tenant, and their public keys.
func (o *Options) addRoles(files map[string][]byte, keys map[string]string, ca *authority, dir, tenant string) error {
	for _, r := range auth.Roles() {
		folder := tenant + "/" + string(r)
		public, seed, err := newSeed(tenant, r)
		if err != nil {
			return err
		}
		mine, err := ca.issue(folder, nil)
		if err != nil {
			return err
		}
		keys[folder] = public
		files[folder+"/"+SeedFile], files[folder+"/"+CertFile], files[folder+"/"+KeyFile], files[folder+"/"+CAFile] = seed, mine.cert, mine.key, ca.cert
		if files[folder+"/"+ContextFile], err = o.context(RoleFolder(dir, tenant, r), tenant, r); err != nil {
			return err
		}
	}
	return nil
}
