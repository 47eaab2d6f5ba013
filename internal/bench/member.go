package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"abraxas.dev/ers/internal/process"
)

// member is a service that was started.
type member struct {
	pid  int // of its own process; 0: it is in this one
	stop func() error
}

// inProcess runs a service in this process. failed is told when it ends on its own.
func inProcess(ctx context.Context, role Role, run func(context.Context) error, failed func(error)) *member {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		err := run(ctx)
		if ctx.Err() == nil {
			failed(fmt.Errorf("%s stopped: %w", role, errors.Join(err, errEnded)))
		}
		done <- err
	}()
	return &member{stop: func() error {
		cancel()
		return <-done
	}}
}

var errEnded = errors.New("it ended on its own")

// stopWait is how long a process may take to end when its input does.
const stopWait = 20 * time.Second

// startMember starts a command that calls [Serve]. out is what it writes. failed is told
// when it ends on its own.
func startMember(ctx context.Context, command func(context.Context, ...string) *exec.Cmd, role Role, failed func(error), args ...string) (m *member, out io.Reader, err error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := command(ctx, append([]string{"--role", string(role)}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.WaitDelay = stopWait
	in, err := cmd.StdinPipe()
	if err == nil {
		cmd.Cancel = in.Close
		out, err = cmd.StdoutPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, nil, fmt.Errorf("start %s: %w", role, err)
	}
	done := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		if ctx.Err() == nil {
			failed(fmt.Errorf("%s stopped: %w: %s", role, errors.Join(err, errEnded), strings.TrimSpace(stderr.String())))
		} else if errors.Is(err, context.Canceled) {
			err = nil // as it was asked to
		}
		done <- err
	}()
	return &member{pid: cmd.Process.Pid, stop: func() error {
		cancel()
		return <-done
	}}, out, nil
}

// firstLine reads the line that a server writes when it is ready.
func firstLine(out io.Reader) (string, error) {
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("it did not say where it listens: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// peak returns the most memory that the member's process had in use, in bytes; 0 where
// Linux does not tell.
func (m *member) peak() uint64 { return process.Peak(m.pid) }
