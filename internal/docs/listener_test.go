//go:build unix

package docs

import (
	"bytes"
	"context"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
)

// listener is a command that runs until the test ends, and what it has printed so far.
type listener struct {
	name string
	done chan struct{} // closed when it has ended

	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed by the next Write
}

// begin starts a command of bash in an environment.
func begin(t *testing.T, env []string, dir, command string) *listener {
	t.Helper()
	p := &listener{name: command, done: make(chan struct{}), changed: make(chan struct{})}
	c := exec.CommandContext(t.Context(), "bash", "-c", command)
	c.Dir, c.Env, c.Stdout, c.Stderr = dir, env, p, p
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that what it has started ends with it
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.Wait() // await says what it printed
		close(p.done)
	}()
	t.Cleanup(func() { <-p.done }) // t.Context has ended, which kills it
	return p
}

func (p *listener) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.changed)
	p.changed = make(chan struct{})
	return p.text.Write(text)
}

func (p *listener) read() (changed <-chan struct{}, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed, p.text.String()
}

// await waits until the command has printed what matches, and returns the match. It
// returns nil when ctx ends first.
func (p *listener) await(ctx context.Context, t *testing.T, pattern string) []string {
	t.Helper()
	expression := regexp.MustCompile(pattern)
	for {
		changed, text := p.read()
		if found := expression.FindStringSubmatch(text); found != nil {
			return found
		}
		select {
		case <-changed:
		case <-p.done:
			_, text = p.read()
			t.Fatalf("%s ended and did not print %s:\n%s", p.name, pattern, text)
		case <-ctx.Done():
			return nil
		}
	}
}
