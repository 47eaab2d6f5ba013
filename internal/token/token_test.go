package token

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"

	"github.com/nats-io/nats-server/v2/server"
)

func checkPrivate(t *testing.T, name string) {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v", name, info.Mode())
	}
}

func TestKeep(t *testing.T) {
	store := filepath.Join(t.TempDir(), "store")
	one, err := Keep(store)
	if err != nil || len(one) < 32 {
		t.Fatal(one, err)
	}
	name := filepath.Join(store, fileName)
	checkPrivate(t, name)
	if err := os.Chmod(name, 0o644); err != nil {
		t.Fatal(err)
	}
	if two, err := Keep(store); two != one || err != nil {
		t.Errorf("got %q, then %q, %v", one, two, err)
	}
	checkPrivate(t, name)
	if other, err := Keep(t.TempDir()); other == one || err != nil {
		t.Errorf("another store has %q, %v", other, err)
	}
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Keep(store); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("empty: %v", err)
	}
}

func TestAnnounce(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	forget, err := Announce("nats://127.0.0.1:4333", "secret", "/a/store")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := Folder()
	if err != nil {
		t.Fatal(err)
	}
	checkPrivate(t, filepath.Join(dir, "127.0.0.1_4333.json"))
	if list := Stores(); len(list) != 1 || list[0] != "/a/store" {
		t.Errorf("its store is not known: %q", list)
	}
	for url, want := range map[string]string{
		"nats://127.0.0.1:4333":            "secret",
		"127.0.0.1:4333":                   "secret",
		"nats://localhost:4333":            "secret",
		"nats://[::1]:4333":                "secret",
		"nats://127.0.0.1:4222":            "",
		"nats://192.0.2.1:4333":            "",
		"nats://u:p@127.0.0.1:4333":        "",
		"nats://127.0.0.1:4333,nats://h:1": "",
		"context:x":                        "",
		"":                                 "",
	} {
		if got := Find(url); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
	forget()
	if got := Find("nats://127.0.0.1:4333"); got != "" {
		t.Errorf("forgotten: %q", got)
	}
}

// The token of a process that was killed is given to nobody: another user's server may
// have its address now.
func TestKilled(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	ended := exec.Command(os.Args[0], "-test.run=none")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	if _, err := Announce("nats://0.0.0.0:4333", "secret", "/a/store"); err != nil {
		t.Fatal(err)
	}
	if got := Find("nats://127.0.0.1:4333"); got != "secret" {
		t.Errorf("on all addresses: %q", got)
	}
	dir, err := Folder()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(entry{"nats://0.0.0.0:4333", "secret", ended.Process.Pid, ""})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "0.0.0.0_4333.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Find("nats://127.0.0.1:4333"); got != "" {
		t.Errorf("of a process that has ended: %q", got)
	}
}

// The context leads the nats CLI, and us, to the server; what is not ours stays.
func TestWriteContext(t *testing.T) {
	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	s := bustest.NewServer(t, func(o *server.Options) { o.Authorization = "secret" })
	if err := WriteContext(s.URL(), "secret"); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(config, "nats", "context", "ers.json")
	checkPrivate(t, name)
	if _, err := os.Stat(filepath.Join(config, "nats", "context.txt")); err == nil {
		t.Error("a context was selected")
	}
	b, err := bus.Open(t.Context(), bus.Config{URL: "context:ers", Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if err := WriteContext("nats://127.0.0.1:1", "other"); err != nil {
		t.Errorf("over one of ours: %v", err)
	}
	forget, err := Announce("nats://127.0.0.1:1", "other", "/a/store")
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteContext(s.URL(), "secret"); err == nil || !strings.Contains(err.Error(), "nats://127.0.0.1:1, which runs") {
		t.Errorf("over one of a server that runs: %v", err)
	}
	forget()
	if err := os.WriteFile(name, []byte(`{"url":"nats://mine"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteContext(s.URL(), "secret"); err == nil || !strings.Contains(err.Error(), "is not ours") {
		t.Errorf("over one that is not ours: %v", err)
	}
	if text, _ := os.ReadFile(name); string(text) != `{"url":"nats://mine"}` {
		t.Errorf("it was changed: %s", text)
	}
}
