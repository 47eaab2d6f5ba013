package daemon

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
)

// show shows a service under a name until the test ends.
func show(t *testing.T, c bus.Config, name string) *bus.Bus {
	t.Helper()
	b, err := bus.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	stop, err := Show(b, name, "made for this test", func() map[string]int64 { return map[string]int64{"n": 1} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(stop(), b.Close()); err != nil {
			t.Error(err)
		}
	})
	return b
}

// A service is well when it answers and can do its work.
func TestHealth(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t, func(o *server.Options) {
		deny := &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{"ers.digest.>"}}}
		o.Users = []*server.User{{Username: "all", Password: "pw"}, {Username: "limited", Password: "pw", Permissions: deny}}
	})
	at := strings.TrimPrefix(s.URL(), "nats://")
	all := bus.Config{URL: "nats://all:pw@" + at, Create: true}
	show(t, all, "well")
	limited := show(t, bus.Config{URL: "nats://limited:pw@" + at}, "unwell")

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := limited.Append(ctx, "ers.digest.p.1.0", 0, []byte("x"))
		done <- err
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	deadline := time.Now().Add(time.Minute)
	for h, err := ask(t.Context(), "unwell", all); err != nil || h.OK; h, err = ask(t.Context(), "unwell", all) {
		if time.Now().After(deadline) {
			t.Fatalf("it stays well: %+v, %v", h, err)
		}
		time.Sleep(50 * time.Millisecond) // it is so for some seconds before it counts
	}
	h, err := ask(t.Context(), "unwell", all)
	if err != nil || h.OK || len(h.Trouble) != 1 || h.Trouble[0].What != "write ERS_DIGEST" || h.Trouble[0].Seconds < 3 || !strings.Contains(h.Trouble[0].Error, "Permissions Violation") {
		t.Errorf("%+v, %v", h, err)
	}
	if h, err := ask(t.Context(), "well", all); err != nil || !h.OK || len(h.Trouble) > 0 {
		t.Errorf("%+v, %v", h, err)
	}

	// As a command, with a context of the nats CLI as its service takes it.
	name := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(name, []byte(`{"url":"`+s.URL()+`","user":"all","password":"pw","inbox_prefix":"_mine"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for service, code := range map[string]int{"well": 0, "unwell": 1} {
		if got := health(t.Context(), service, &Flags{NATS: "context:" + name}); got != code {
			t.Errorf("--health of %s: %d", service, got)
		}
	}
}

// A service waits for its server and its streams, and says what it waits for, once.
func TestAwait(t *testing.T) {
	t.Parallel()
	s := bustest.NewServer(t)
	s.Stop()
	var log bytes.Buffer
	tries := 0
	b, err := Await(t.Context(), zerolog.New(&log), false, func() (*bus.Bus, error) {
		switch tries++; tries {
		case 3:
			s.Start()
		case 4:
			return bus.Open(t.Context(), bus.Config{URL: s.URL(), Create: true})
		}
		return bus.Open(t.Context(), bus.Config{URL: s.URL()})
	})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for text, n := range map[string]int{"no NATS server at": 1, "no such stream on the server": 1, "are there": 1} {
		if got := strings.Count(log.String(), text); got != n {
			t.Errorf("%q is logged %d times:\n%s", text, got, log.String())
		}
	}
	away := func() (*bus.Bus, error) { return bus.Open(t.Context(), bus.Config{URL: "nats://127.0.0.1:1"}) }
	if _, err := Await(t.Context(), zerolog.Nop(), true, away); !errors.Is(err, bus.ErrAway) {
		t.Errorf("once: %v", err)
	}
	bad := func() (*bus.Bus, error) { return bus.Open(t.Context(), bus.Config{URL: "context:/none.json"}) }
	if _, err := Await(t.Context(), zerolog.Nop(), false, bad); err == nil || errors.Is(err, bus.ErrAway) {
		t.Errorf("what no waiting mends: %v", err)
	}
}

// Flags of an embedded server beside another one are refused, before anything is opened.
func TestOtherServer(t *testing.T) {
	t.Parallel()
	for _, flags := range []Flags{{Syncing: Syncing{"interval"}}, {NoToken: true}} {
		flags.NATS, flags.NoWait, flags.Store = "nats://127.0.0.1:1", true, filepath.Join(t.TempDir(), "store")
		_, _, err := open(t.Context(), "ers-test", &flags, zerolog.Nop())
		if err == nil || !strings.Contains(err.Error(), "are for the embedded server") {
			t.Errorf("%+v: %v", flags, err)
		}
		if _, err := os.Stat(flags.Store); !os.IsNotExist(err) {
			t.Errorf("a store is left behind: %v", err)
		}
	}
}
