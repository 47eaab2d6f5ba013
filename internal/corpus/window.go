package corpus

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"

	"abraxas.dev/ers/pkg/events"
)

// Window builds the program, has a window of it run, and returns the verdict. state is an
// empty folder.
func (s *Shop) Window(e *Entry, state string) (*events.Verdict, error) {
	if err := s.Build(e); err != nil {
		return nil, err
	}
	var more []string
	if e.Accepted != "" {
		v, err := s.verdict(s.Ers(&Entry{Program: e.Accepted}), state)
		if err != nil {
			return nil, err
		}
		more = []string{"--latch", v.ExpectedHash + ":" + v.ExpectedResultHash}
	}
	return s.verdict(s.Ers(e, more...), state)
}

// verdict runs a command that prints a verdict, and holds its exit code against it.
func (s *Shop) verdict(c *exec.Cmd, state string) (*events.Verdict, error) {
	var stdout, stderr bytes.Buffer
	c.Env, c.Stdout, c.Stderr = s.Environ(state), &stdout, &stderr
	err := c.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return nil, err
	}
	v := new(events.Verdict)
	if err := events.Decode(bytes.TrimSpace(stdout.Bytes()), v); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", c, err, &stdout, &stderr)
	}
	want := map[events.Outcome]int{events.Pass: 0, events.Fail: 1, events.Inconclusive: 2}[v.Outcome]
	if code := c.ProcessState.ExitCode(); code != want {
		return nil, fmt.Errorf("%s: exit code %d, want %d for %s:\n%s", c, code, want, v.Outcome, &stderr)
	}
	return v, nil
}
