package embedded_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

const trace = "ers.trace.p.1.0"

// contents are the messages of a stream on a filter.
func contents(t *testing.T, b *bus.Bus, stream, filter string) []string {
	t.Helper()
	var got []string
	for m, err := range b.Read(t.Context(), stream, filter, 1, 0) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d %s", m.Seq, m.Data))
	}
	return got
}

// TestMain is also the process that TestKilledServer kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv("BUS_TEST_STORE"); dir != "" {
		holdStore(dir)
	}
	os.Exit(m.Run())
}

const killedFrames = 500

// holdStore appends frames to an embedded server and waits to be killed.
func holdStore(dir string) {
	ctx := context.Background()
	b, err := embedded.Open(ctx, embedded.Config{StoreDir: dir})
	var last uint64
	for i := range killedFrames {
		if err == nil {
			last, err = b.Append(ctx, trace, last, fmt.Append(nil, i))
		}
	}
	fmt.Println("appended", err)
	select {}
}

// A store is one process's at a time; kill -9 frees it and loses nothing that was
// acknowledged.
func TestKilledServer(t *testing.T) {
	dir := t.TempDir()
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), "BUS_TEST_STORE="+dir)
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if line != "appended <nil>\n" {
		t.Errorf("holder says %q, %v", line, err)
	}

	_, err = embedded.Open(t.Context(), embedded.Config{StoreDir: dir})
	if err == nil || !strings.Contains(err.Error(), dir+" is in use by another process") {
		t.Errorf("store in use: got %v", err)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()

	b := bustest.Open(t, func(c *embedded.Config) { c.StoreDir = dir })
	got := contents(t, b, events.StreamTrace, "")
	if len(got) != killedFrames || got[killedFrames-1] != fmt.Sprint(killedFrames, " ", killedFrames-1) {
		t.Errorf("%d frames are left, want %d", len(got), killedFrames)
	}
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		b, err := embedded.Open(t.Context(), embedded.Config{StoreDir: dir, SyncAlways: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := contents(t, b, events.StreamTrace, ""); len(got) != i {
			t.Errorf("opened %d times: got %q", i, got)
		}
		if _, err := b.Append(t.Context(), trace, uint64(i), []byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := embedded.Open(t.Context(), embedded.Config{StoreDir: dir}); err == nil {
			t.Error("opened twice at the same time")
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTemporaryStore(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	left := func() []os.DirEntry {
		entries, err := os.ReadDir(os.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}
	b, err := embedded.Open(t.Context(), embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(left()); n != 1 {
		t.Errorf("%d temporary folders", n)
	}
	if b.URL() != "" {
		t.Errorf("URL %s, though nothing listens", b.URL())
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if got := left(); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestListen(t *testing.T) {
	one := bustest.Open(t, func(c *embedded.Config) { c.Listen = "127.0.0.1:0" })
	if _, err := one.Append(t.Context(), trace, 0, []byte("x")); err != nil {
		t.Fatal(err)
	}
	other := bustest.Connect(t, one.URL())
	if got := contents(t, other, events.StreamTrace, ""); len(got) != 1 {
		t.Errorf("got %q", got)
	}
	if one.MaxPayload() != other.MaxPayload() {
		t.Errorf("max payload %d and %d", one.MaxPayload(), other.MaxPayload())
	}
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()

	for _, test := range []struct {
		name   string
		config embedded.Config
		want   string
	}{
		{"no server", embedded.Config{Config: bus.Config{URL: "nats://" + free.Addr().String()}}, "start one with `ers up`"},
		{"no JetStream", embedded.Config{Config: bus.Config{URL: serverWithout(t, func(o *server.Options) { o.JetStream = false })}}, "runs without JetStream"},
		{"not let in", embedded.Config{Config: bus.Config{URL: serverWithout(t, func(o *server.Options) { o.Username, o.Password = "u", "p" })}}, "NATS_CREDS"},
		{"no credentials file", embedded.Config{Config: bus.Config{URL: "nats://" + free.Addr().String(), Identity: bus.Identity{Creds: file + ".creds"}}}, file + ".creds"},
		{"no such context", embedded.Config{Config: bus.Config{URL: "context:none-of-this-name"}}, "no context none-of-this-name"},
		{"store is a file", embedded.Config{StoreDir: file}, file},
		{"store cannot be made", embedded.Config{StoreDir: filepath.Join(file, "sub")}, file},
		{"address taken", embedded.Config{StoreDir: t.TempDir(), Listen: taken.Addr().String()}, "address already in use"},
		{"no port", embedded.Config{Listen: "127.0.0.1"}, "host:port"},
		{"bad port", embedded.Config{Listen: "127.0.0.1:http"}, "65535"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, err := embedded.Open(t.Context(), test.config)
			if err == nil {
				b.Close()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want something with %q", err, test.want)
			}
		})
	}
}

func serverWithout(t *testing.T, change func(*server.Options)) (url string) {
	t.Helper()
	o := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true}
	change(o)
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	return s.ClientURL()
}

// A server whose messages are too small for ours is refused by name.
func TestSmallPayload(t *testing.T) {
	s := bustest.NewServer(t, func(o *server.Options) { o.MaxPayload = 64 << 10 })
	_, err := embedded.Open(t.Context(), embedded.Config{Config: bus.Config{URL: s.URL()}})
	if err == nil || !strings.Contains(err.Error(), "max_payload") {
		t.Errorf("%v", err)
	}
}
