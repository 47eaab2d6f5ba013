package evaluator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/scheduler"
)

// ErrUnavailable says that no evaluator could be started: it says nothing about what was
// to be evaluated.
var ErrUnavailable = errors.New("no evaluator could be started")

// child is an evaluator as its parent sees it. One call at a time.
type child struct {
	memory int64
	cmd    *exec.Cmd
	in     *os.File // its standard input
	out    *os.File // its standard output
	from   *receiver
	buffer []byte
	said   head // on standard error
	task   string
	exited chan struct{}
}

// deathError is that an evaluator ended in the middle of a question.
type deathError struct {
	why  string
	task string // that it was in, "" when that is not known
}

func (d *deathError) Error() string {
	if d.task == "" {
		return d.why
	}
	return fmt.Sprintf("in task %q %s", d.task, d.why)
}

// startChild starts an evaluator and waits until it says hello.
func startChild(ctx context.Context, memory int64) (*child, error) {
	if !hooked.Load() {
		return nil, fmt.Errorf("%w: this program does not call evaluator.Main first thing in main", ErrUnavailable)
	}
	c := &child{memory: memory, exited: make(chan struct{})}
	if err := c.start(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	f, err := c.ask(ctx, nil)
	if err == nil && (f.kind != sayHello || f.string() != protocol || f.end() != nil) {
		err = errMessage
	}
	if err != nil {
		c.kill()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return c, nil
}

func (c *child) start() error {
	path, err := executable()
	if err != nil {
		return err
	}
	stdin, in, err := os.Pipe()
	if err != nil {
		return err
	}
	out, stdout, err := os.Pipe()
	if err != nil {
		return errors.Join(err, stdin.Close(), in.Close())
	}
	c.in, c.out, c.from = in, out, newReceiver(out)
	c.cmd = &exec.Cmd{Path: path, Args: []string{"ers-evaluator"}, Env: []string{mark + "=" + strconv.FormatInt(c.memory, 10)},
		Stdin: stdin, Stdout: stdout, Stderr: seen(&c.said), SysProcAttr: apart()}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the evaluator must end with it, and it with the evaluator
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			_ = c.cmd.Wait() // the state says it all
		}
		close(c.exited)
	}()
	err = errors.Join(<-started, stdin.Close(), stdout.Close())
	if err != nil {
		return errors.Join(err, in.Close(), out.Close())
	}
	return nil
}

// close lets the evaluator end. It has nothing to do.
func (c *child) close() {
	_ = c.in.Close()
	<-c.exited
	_ = c.out.Close()
}

// kill ends the evaluator, whatever it does.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	c.close()
}

// ask sends a question, if there is one, and returns the answer. The error is that of ctx
// or a *deathError, and the evaluator is gone then.
func (c *child) ask(ctx context.Context, question message) (fields, error) {
	release := context.AfterFunc(ctx, func() { _ = c.cmd.Process.Kill() })
	defer release()
	c.task = ""
	var err error
	if question != nil {
		err = question.send(c.in)
		c.buffer = question
	}
	for err == nil {
		var f fields
		f, err = c.from.next()
		switch {
		case err == nil && f.kind == sayTask:
			c.task = f.string()
		case err == nil:
			return f, nil
		}
	}
	c.kill()
	if ctx.Err() != nil {
		return fields{}, ctx.Err()
	}
	return fields{}, &deathError{c.why(), c.task}
}

// why says what an evaluator died of.
func (c *child) why() string {
	state := c.cmd.ProcessState
	said := c.said.String()
	switch {
	case state.ExitCode() == exitMemory,
		strings.Contains(said, "out of memory"), strings.Contains(said, "cannot allocate memory"):
		return fmt.Sprintf("it took more than the %s of memory that it may have", Size(c.memory))
	case state.ExitCode() < 0:
		return fmt.Sprintf("it was ended from outside (%s): is the machine out of memory?", state)
	}
	// Go's runtime does not always know what to do without memory.
	first, _, _ := strings.Cut(said, "\n")
	return fmt.Sprintf("it crashed (%s: %s), as for lack of memory: it may have %s", state, first, Size(c.memory))
}

// define has a definition compiled. A mistake in it is a *program.Error.
func (c *child) define(ctx context.Context, definition string) error {
	m := newMessage(c.buffer, askDefine)
	m.text(definition)
	f, err := c.ask(ctx, m)
	if err != nil {
		return err
	}
	switch f.kind {
	case sayReady:
		return nil
	case sayFault:
		fault, err := f.fault()
		if err != nil {
			return c.nonsense()
		}
		return fault.Plain()
	}
	return c.nonsense()
}

// nonsense ends an evaluator that answers what nobody asked for.
func (c *child) nonsense() error {
	c.kill()
	return &deathError{why: "it gave an answer that makes no sense"}
}

// errTick is a tick that was not run because of what was asked.
type errTick string

func (e errTick) Error() string { return string(e) }

// ticks runs one or more of the ticks, from the first on. definition is its text, for an
// evaluator that does not have it.
func (c *child) ticks(ctx context.Context, t *ticksRequest, definition string) (ticks []scheduler.Tick, err error) {
	for {
		f, err := c.ask(ctx, t.message(c.buffer))
		if err != nil {
			return nil, err
		}
		switch f.kind {
		case sayTicks:
			for len(ticks) == 0 || f.text != "" {
				tick, err := f.tick()
				if err != nil || tick.Tick.Tick != t.first+int64(len(ticks)) || len(ticks) == len(t.contexts) {
					return nil, c.nonsense()
				}
				ticks = append(ticks, tick)
			}
			return ticks, nil
		case sayError:
			return nil, errTick(f.string())
		case sayUnknown:
			err := c.define(ctx, definition)
			if e, ok := errors.AsType[*program.Error](err); ok {
				err = errTick(e.Error())
			}
			if err != nil {
				return nil, err
			}
		default:
			return nil, c.nonsense()
		}
	}
}

// head keeps the first of what is written.
type head struct {
	mu   sync.Mutex
	text bytes.Buffer
}

const maxHead = 4 << 10

func (h *head) Write(text []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text.Write(text[:min(len(text), maxHead-h.text.Len())])
	return len(text), nil
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}
