package corpus

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"abraxas.dev/ers/pkg/events"
)

// crashed has a window run by a process that is killed in the middle of it, and taken up by
// another one.
func crashed(t *testing.T, shop *Shop, e *Entry) *events.Verdict {
	state := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(state, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	source, err := os.ReadFile(filepath.Join(shop.Dir, e.Program))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("$STATE", state, "$URL", shop.url).Replace(string(source))
	if err := os.WriteFile(filepath.Join(shop.Dir, e.Program), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	write("scale", "1")
	allow := write("allow", "any\n")

	met, on := make(chan struct{}), make(chan struct{})
	var once, release sync.Once
	goOn := func() { release.Do(func() { close(on) }) }
	t.Cleanup(goOn)
	shop.Midway = func() {
		once.Do(func() { close(met) })
		<-on
	}
	up := func() (kill func(), url string) { return startUp(t, shop, state, allow) }
	kill, url := up()
	submit := exec.Command("ers", "submit", "-f", e.Program, "--no-wait", "--nats", url)
	submit.Dir, submit.Env = shop.Dir, shop.Environ(state)
	if out, err := submit.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	select {
	case <-met:
	case <-time.After(time.Minute):
		t.Fatal("no run was met midway")
	}
	kill()
	write("scale", "2")
	goOn()
	_, url = up()
	wait := exec.Command("ers", "wait", "--window", "1", "--json", "--nats", url, "--timeout", "2m")
	v, err := shop.verdict(wait, state)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// startUp starts `ers up`, and returns how to kill it and where it is reached.
func startUp(t *testing.T, shop *Shop, state, allow string) (kill func(), url string) {
	t.Helper()
	c := exec.Command("ers", "up", "--listen", "127.0.0.1:0", "--http=", "--no-token", "--store", filepath.Join(state, "data"), "--allow-exec", allow)
	said := &listener{found: make(chan string, 1)}
	c.Env, c.Stderr = append(shop.Environ(state), "XDG_CONFIG_HOME="+state), said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	kill = func() {
		once.Do(func() {
			_ = c.Process.Kill()
			_ = c.Wait()
		})
	}
	t.Cleanup(kill)
	select {
	case url = <-said.found:
	case <-time.After(time.Minute):
		t.Fatalf("ers up does not say where it is:\n%s", said)
	}
	return kill, url
}

var natsURL = regexp.MustCompile(`up: submit windows.*nats=(nats://\S+)`)

// listener waits for the line in which `ers up` says where it is reached.
type listener struct {
	mu    sync.Mutex
	text  bytes.Buffer
	found chan string
	done  bool
}

func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if m := natsURL.FindSubmatch(l.text.Bytes()); m != nil && !l.done {
		l.done = true
		l.found <- string(m[1])
	}
	return len(p), nil
}

func (l *listener) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
