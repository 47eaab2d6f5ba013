package cli

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// background is a command that a script has started.
type background struct {
	cmd            *exec.Cmd
	stdout, stderr *output
	done           chan struct{} // closed at its end
}

// backgroundsKey is where a script keeps its commands by name.
const backgroundsKey = "backgrounds"

func backgrounds(ts *testscript.TestScript) map[string]*background {
	return ts.Value(backgroundsKey).(map[string]*background)
}

// start NAME PATTERN COMMAND… starts a command and waits until its standard error
// matches. What a named group of the pattern matches goes into the variable of that
// name. Unlike with `exec … &` a script can tell when the command is ready.
func start(ts *testscript.TestScript, _ bool, args []string) {
	p := &background{cmd: exec.Command(args[2], args[3:]...), stdout: newOutput(), stderr: newOutput(), done: make(chan struct{})}
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Env = append(os.Environ(), "NATS_URL="+ts.Getenv("NATS_URL"), "TMPDIR="+ts.Getenv("TMPDIR"), "XDG_CONFIG_HOME="+ts.Getenv("XDG_CONFIG_HOME"))
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	ts.Check(p.cmd.Start())
	go func() {
		_ = p.cmd.Wait() // its state says it all
		close(p.done)
	}()
	ts.Defer(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	backgrounds(ts)[args[0]] = p
	p.await(ts, p.stderr, args[1])
}

// await NAME PATTERN [stderr] waits until the standard output of a command matches, or its
// standard error.
func await(ts *testscript.TestScript, _ bool, args []string) {
	p := backgrounds(ts)[args[0]]
	o := p.stdout
	if len(args) > 2 {
		o = p.stderr
	}
	p.await(ts, o, args[1])
}

// end NAME SIGNAL [CODE] ends a command by INT or TERM; its exit code must be 0 or CODE.
// Standard output and standard error are then in NAME.out and NAME.err.
func end(ts *testscript.TestScript, _ bool, args []string) {
	p := backgrounds(ts)[args[0]]
	ts.Check(p.cmd.Process.Signal(map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM}[args[1]]))
	select {
	case <-p.done:
	case <-time.After(patience):
		ts.Fatalf("%s does not end", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".out"), []byte(p.stdout.String()), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".err"), []byte(p.stderr.String()), 0o644))
	code, want := p.cmd.ProcessState.ExitCode(), 0
	if len(args) > 2 {
		want, _ = strconv.Atoi(args[2])
	}
	if code != want {
		ts.Fatalf("%s ended with exit code %d:\n%s", args[0], code, p.stderr)
	}
}

// patience is how long a command may take to say something or to end.
const patience = 20 * time.Second

// await waits until an output matches, and sets the variables that the pattern names.
func (p *background) await(ts *testscript.TestScript, o *output, pattern string) {
	late := time.After(patience)
	expression := regexp.MustCompile("(?m)" + pattern)
	for {
		changed, text := o.read()
		if match := expression.FindStringSubmatch(text); match != nil {
			for i, name := range expression.SubexpNames() {
				if name != "" {
					ts.Setenv(name, match[i])
				}
			}
			return
		}
		select {
		case <-changed:
		case <-p.done:
			ts.Fatalf("%s ended: %s\n%s", p.cmd, p.cmd.ProcessState, p.stderr)
		case <-late:
			ts.Fatalf("%s does not say %s\n%s", p.cmd, pattern, o)
		}
	}
}

// output keeps what a command writes and tells when there is more.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed by the next Write
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.text.Write(text)
}

func (o *output) read() (changed <-chan struct{}, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.changed, o.text.String()
}

func (o *output) String() string {
	_, text := o.read()
	return text
}
