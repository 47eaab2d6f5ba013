package authdir_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/internal/authdir"
	"abraxas.dev/ers/internal/authdir/authtest"
	"abraxas.dev/ers/internal/process/processtest"
)

// A tenant that comes later has all that the others have, which stay as they are: their keys,
// what was changed by hand, and what they have on the server that runs.
func TestAddTenant(t *testing.T) {
	t.Parallel()
	p := authtest.Start(t, "red")
	red := p.Open(t, "red", auth.Administrator)
	if _, err := red.Append(t.Context(), "ers.window.starlark.p", 0, []byte("of red")); err != nil {
		t.Fatal(err)
	}
	accounts := filepath.Join(p.Dir, "accounts.conf")
	text, err := os.ReadFile(accounts)
	if err != nil {
		t.Fatal(err)
	}
	byHand := "  # by hand\n  guest: {jetstream: {max_store: 1GB}, users: []}, \n"
	text = bytes.Replace(text, []byte("accounts: {\n"), []byte("accounts: {\n"+byHand), 1)
	if err := os.WriteFile(accounts, text, 0o600); err != nil {
		t.Fatal(err)
	}
	before := files(t, p.Dir)
	if err := authdir.AddTenant(p.Dir, "green", time.Now()); err != nil {
		t.Fatal(err)
	}
	after := files(t, p.Dir)
	for name, was := range before {
		is := after[name]
		if name == "accounts.conf" {
			_, rest, _ := strings.Cut(was, "accounts: {")
			if !strings.HasSuffix(is, rest) || !strings.Contains(is, byHand) {
				t.Errorf("it is now\n%s", is)
			}
		} else if is != was {
			t.Errorf("%s has changed", name)
		}
		if strings.HasPrefix(name, "red/") && after["green"+name[3:]] == "" {
			t.Errorf("green has no %s", name[4:])
		}
	}
	p.Reload(t) // makes the accounts
	p.Reload(t) // and now JetStream is there for those that take it from others
	p.Create(t, "green")
	for tenant, want := range map[string]uint64{"red": 1, "green": 0} {
		for _, r := range []auth.Role{auth.Administrator, auth.Viewer, auth.Gate} {
			if found := ends(t, p.Open(t, tenant, r)); found["ERS_WINDOW"] != want {
				t.Errorf("%s of %s sees %v", r, tenant, found)
			}
		}
	}
}

// files are the files of a folder, but for the store, by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == "jetstream":
			return filepath.SkipDir
		case d.IsDir():
			return nil
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path) // it is in there
		found[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// What cannot be added changes nothing, and says what to do.
func TestAddTenantRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "auth")
	if err := authdir.Write(authdir.Options{Dir: dir, Tenants: []string{"red"}, Listen: "127.0.0.1:4222", Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	for tenant, want := range map[string]string{"red": "is there already", "red-viewer": "there is an account red-viewer already", "a.b": "tenant: pipeline name", "tls": "is taken by the server"} {
		processtest.WantError(t, authdir.AddTenant(dir, tenant, time.Now()), want)
	}
	processtest.WantError(t, authdir.AddTenant(t.TempDir(), "green", time.Now()), "is not a folder that `ers auth init` has written")
	key := filepath.Join(dir, "tls", "ca-key.pem")
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	processtest.WantError(t, authdir.AddTenant(dir, "green", time.Now()), "ca-key.pem", "put it back")
	if err := os.Rename(key+".away", key); err != nil {
		t.Fatal(err)
	}
	after := files(t, dir)
	for name, was := range before {
		if after[name] != was {
			t.Errorf("%s has changed", name)
		}
	}
	if len(after) != len(before) {
		t.Errorf("there are %d files, and were %d", len(after), len(before))
	}
}
