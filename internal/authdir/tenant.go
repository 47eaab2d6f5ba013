package authdir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/nats-io/nats-server/v2/conf"
)

// AddTenant adds a tenant to a folder that [Write] has written. What is there stays as it is,
// with what was changed by hand.
//
// Commit point: the server lets the tenant in when accounts.conf is renamed into its place,
// after the folder with the keys. A crash in between leaves a folder that the server does not
// know, and that the next call names.
func AddTenant(dir, tenant string, now time.Time) error {
	if err := checkTenant(tenant); err != nil {
		return err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	place := filepath.Join(dir, tenant)
	if _, err := os.Lstat(place); err == nil {
		return fmt.Errorf("%s is there already: name another tenant, or remove the folder if the tenant is not in %s", place, accountsFile)
	}
	o, err := optionsOf(dir)
	if err != nil {
		return err
	}
	o.Now = now
	files, keys, err := o.newTenant(dir, tenant)
	if err != nil {
		return err
	}
	before, err := os.ReadFile(filepath.Join(dir, accountsFile))
	if err != nil {
		return err
	}
	after, err := withTenant(before, tenant, keys)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, accountsFile), err)
	}
	return placeTenant(dir, tenant, files, after)
}

// optionsOf are those with which a folder was written, as far as contexts need them.
func optionsOf(dir string) (*Options, error) {
	found, err := filepath.Glob(filepath.Join(dir, "*", "administrator", ContextFile))
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("%s has no tenant yet: it is not a folder that `ers auth init` has written", dir)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		return nil, err
	}
	var context struct{ URL string }
	if err := json.Unmarshal(text, &context); err != nil {
		return nil, fmt.Errorf("%s: %w", found[0], err)
	}
	at, err := url.Parse(context.URL)
	if err != nil || at.Port() == "" {
		return nil, fmt.Errorf("%s: its url is not that of a server", found[0])
	}
	return &Options{Listen: at.Host}, nil
}

// newTenant makes the files and keys of all roles.
func (o *Options) newTenant(dir, tenant string) (map[string][]byte, map[string]string, error) {
	in := func(name string) string { return filepath.Join(dir, tlsFolder, name) }
	ca, err := readAuthority(in(CAFile), in(caKeyFile), o.Now)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: it signs the certificates of the new roles, so put it back for as long as this takes", err)
	}
	if err != nil {
		return nil, nil, err
	}
	files, keys := make(map[string][]byte), make(map[string]string)
	return files, keys, o.addRoles(files, keys, ca, dir, tenant)
}

// withTenant adds the accounts of a tenant to a configuration, before all others.
func withTenant(before []byte, tenant string, keys map[string]string) ([]byte, error) {
	old, err := accountsIn(before)
	if err != nil {
		return nil, err
	}
	added := tenantAccounts(tenant, keys)
	for name := range added {
		if old[name] != nil {
			return nil, fmt.Errorf("there is an account %s already: name another tenant", name)
		}
	}
	text, err := encodeAccounts(added)
	if err != nil {
		return nil, err
	}
	head, rest, found := bytes.Cut(before, []byte(accountsHead))
	if !found {
		return nil, fmt.Errorf("there is no line %q, where the accounts are to be added", accountsHead)
	}
	body := bytes.TrimSuffix(bytes.TrimPrefix(text, []byte("{")), []byte("\n}\n"))
	after := bytes.Join([][]byte{head, []byte(accountsHead), body, []byte(","), rest}, nil)

	now, err := accountsIn(after) // as the server will read it
	if err != nil {
		return nil, err
	}
	for name, account := range old {
		if !reflect.DeepEqual(now[name], account) {
			return nil, fmt.Errorf("account %s would not stay as it is: add the tenant by hand", name)
		}
	}
	if len(now) != len(old)+len(added) {
		return nil, errors.New("the accounts of the tenant cannot be added to what was changed by hand")
	}
	return after, nil
}

// accountsIn are the accounts of a configuration, by name.
func accountsIn(text []byte) (map[string]any, error) {
	parsed, err := conf.Parse(string(text))
	if err != nil {
		return nil, err
	}
	accounts, ok := parsed["accounts"].(map[string]any)
	if !ok {
		return nil, errors.New("it has no accounts")
	}
	return accounts, nil
}

// placeTenant puts the folder of a tenant in its place, and then the configuration.
func placeTenant(dir, tenant string, files map[string][]byte, accounts []byte) error {
	partial, err := os.MkdirTemp(dir, "."+tenant+"-*.partial") // mode 0700
	if err != nil {
		return err
	}
	files[accountsFile] = accounts
	if err = writeAll(partial, files); err == nil {
		err = os.Rename(filepath.Join(partial, tenant), filepath.Join(dir, tenant)) // refused where another was faster
	}
	if err == nil {
		err = os.Rename(filepath.Join(partial, accountsFile), filepath.Join(dir, accountsFile))
	}
	return errors.Join(err, os.RemoveAll(partial))
}
