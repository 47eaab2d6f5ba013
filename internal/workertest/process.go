package workertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"abraxas.dev/ers/pkg/worker"
)

// endTime is how long a worker may take to end after its input or its output has ended.
const endTime = 5 * time.Second

// process is a worker that was started, in a process group of its own.
type process struct {
	cmd      *exec.Cmd
	in, out  *os.File // ours
	timeout  time.Duration
	reader   *worker.Reader
	stderr   tail
	requests int           // for content
	ended    chan struct{} // closed when it has ended
	err      error         // how, then
}

// start starts the command. The environment is ours, with more variables.
func start(ctx context.Context, o *Options, more ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, o.Command[0], o.Command[1:]...), timeout: o.Timeout, ended: make(chan struct{})}
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirIn.Close(), in.Close())
	}
	p.in, p.out = in, out
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = theirIn, theirOut, &p.stderr
	p.cmd.Env = append(append(os.Environ(), worker.Variable+"="+worker.Protocol), more...)
	p.cmd.WaitDelay = time.Second // a child may hold standard error open
	apart(p.cmd)
	p.cmd.Cancel = p.kill
	err = p.cmd.Start()
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStart, errors.Join(err, in.Close(), out.Close()))
	}
	p.reader = worker.NewReader(p.out, worker.DefaultLimits)
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// discard kills what is left of the worker and of what it started.
func (p *process) discard() {
	p.kill()
	p.in.Close()
	p.out.Close()
	<-p.ended
}

func (p *process) write(b []byte) error {
	if err := p.in.SetWriteDeadline(time.Now().Add(p.timeout)); err != nil {
		return err
	}
	_, err := p.in.Write(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return p.saying("it does not read its input: %d bytes were not taken within %s", len(b), p.timeout)
	}
	if err != nil {
		return p.gone(err)
	}
	return nil
}

// wait sets the end of a read.
func (p *process) wait(d time.Duration) error { return p.out.SetReadDeadline(time.Now().Add(d)) }

// read explains what reading from the worker gave.
func (p *process) read(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return p.saying("nothing came within %s: does it flush its output after each message?", p.timeout)
	case errors.Is(err, io.EOF):
		return p.gone(errors.New("its output ended"))
	}
	return p.saying("%w", err)
}

// gone says how the worker ended when it should not have. Its pipes end before the process
// does, on a busy machine well before.
func (p *process) gone(err error) error {
	select {
	case <-p.ended:
		return p.saying("it ended in the middle of the run: %s", p.cmd.ProcessState)
	case <-time.After(endTime):
		return p.saying("%w, but it still runs", err)
	}
}

// saying makes an error with the last lines of standard error behind it.
func (p *process) saying(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if last := p.stderr.last(); last != "" {
		return fmt.Errorf("%w; the end of its standard error: %q", err, last)
	}
	return err
}

// end ends the worker's input and waits until it ends. Nothing may come any more.
func (p *process) end() error {
	p.in.Close()
	if err := p.wait(endTime); err != nil {
		return err
	}
	rest := make([]byte, 81)
	n, err := io.ReadFull(p.out, rest)
	switch {
	case n > 0:
		return fmt.Errorf("it wrote after the end of its input: %q", rest[:n])
	case errors.Is(err, os.ErrDeadlineExceeded):
		return p.saying("it did not end within %s of the end of its input", endTime)
	}
	select {
	case <-p.ended:
	case <-time.After(endTime):
		return p.saying("it did not end within %s of the end of its input", endTime)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return p.saying("it ended with %s: want exit status 0", p.cmd.ProcessState)
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 4 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if extra := len(t.text) - tailSize; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(b), nil
}

// last returns the last lines, of at most some 300 bytes.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.text))
	if len(text) > 300 {
		text = "…" + strings.ToValidUTF8(text[len(text)-300:], "")
	}
	return text
}
