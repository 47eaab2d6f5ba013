package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// patience is how long all that must happen in a test may take.
const patience = slower * 90 * time.Second

// A scene is a test with an end in time, which comes at once when a process dies.
type scene struct {
	t    *testing.T
	ctx  context.Context
	fail context.CancelCauseFunc
}

func newScene(t *testing.T) *scene { return newSceneOf(t, patience) }

// newSceneOf returns one that may take as long as is said.
func newSceneOf(t *testing.T, d time.Duration) *scene {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	ctx, fail := context.WithCancelCause(ctx)
	return &scene{t, ctx, fail}
}

// process is a running command. It is killed when the test ends.
type process struct {
	*scene
	title  string
	cmd    *exec.Cmd
	log    *logBuffer
	exited chan struct{}
	asked  atomic.Bool // its end is the test's doing
}

// run starts a command.
func (s *scene) run(name string, args ...string) *process {
	s.t.Helper()
	return s.launch(name, command(name, args...))
}

// launch starts a command that has a name for people.
func (s *scene) launch(name string, cmd *exec.Cmd) *process {
	s.t.Helper()
	p := &process{scene: s, title: name, cmd: cmd, log: newLogBuffer(), exited: make(chan struct{})}
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // the state says it all
		if !p.asked.Load() {
			s.fail(fmt.Errorf("%s ended on its own: %s", name, p.cmd.ProcessState))
		}
		close(p.exited)
	}()
	s.t.Cleanup(p.cleanup)
	return p
}

func (p *process) cleanup() {
	select {
	case <-p.exited:
		if !p.asked.Load() {
			p.t.Errorf("%s ended on its own: %s", p.name(), p.cmd.ProcessState)
		}
	default:
		p.kill()
	}
	if found := race(p.log.String()); found != "" {
		p.t.Errorf("%s, process %d, has a data race:\n%s", p.name(), p.cmd.Process.Pid, found)
	}
	if p.t.Failed() {
		p.t.Logf("%s, process %d, said:\n%s", p.name(), p.cmd.Process.Pid, p.log)
	}
}

// haltOnRace in the environment of a process that was built with the race detector ends it
// at its first race, with exit code 66.
const haltOnRace = "GORACE=halt_on_error=1"

// racer is the name under which the program of these tests races with itself.
const racer = "racer"

func raceWithItself() {
	n, done := 0, make(chan struct{})
	go func() {
		n++
		close(done)
	}()
	n++
	<-done
	os.Exit(n)
}

// race is what the race detector has said: the first thing, and whatever stands behind it
// when the process was killed before the end of that. It is empty when it said nothing.
func race(log string) string {
	_, found, said := strings.Cut(log, "WARNING: DATA RACE\n")
	if !said {
		return ""
	}
	found, _, _ = strings.Cut(found, "\n==================")
	return found
}

func (p *process) name() string { return p.title }

// kill ends the process as kill -9 does.
func (p *process) kill() {
	p.asked.Store(true)
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// stop asks the process to end and expects that it does so soon, with exit code 0.
func (p *process) stop() {
	p.t.Helper()
	p.asked.Store(true)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatalf("%s: %v", p.name(), err)
	}
	select {
	case <-p.exited:
	case <-time.After(promptly):
		p.t.Fatalf("%s was asked to stop and still runs after %v", p.name(), promptly)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Fatalf("%s was asked to stop: exit code %d", p.name(), code)
	}
}

// promptly is how soon a service must stop, on a busy machine.
const promptly = slower * 10 * time.Second

// awaitLog waits until the process has logged a text.
func (p *process) awaitLog(text string) {
	p.t.Helper()
	p.awaitLogs(text, 1)
}

// awaitLogs waits until the process has logged a text n times.
func (p *process) awaitLogs(text string, n int) {
	p.t.Helper()
	for changed := p.log.changes(); p.log.count(text) < n; changed = p.log.changes() {
		select {
		case <-changed:
		case <-p.ctx.Done():
			p.t.Fatalf("%s did not log %q: %v", p.name(), text, context.Cause(p.ctx))
		}
	}
}

// logBuffer keeps what a process writes and tells when there is more.
type logBuffer struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed by the next Write
}

func newLogBuffer() *logBuffer { return &logBuffer{changed: make(chan struct{})} }

func (l *logBuffer) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.changed)
	l.changed = make(chan struct{})
	return l.text.Write(text)
}

func (l *logBuffer) changes() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

func (l *logBuffer) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.text.Bytes(), []byte(text))
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
