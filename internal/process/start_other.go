//go:build !linux

package process

import (
	"errors"
	"os/exec"
	"sync"
)

// start starts the command from this process: there is nothing here to confine it with.
func start(s *Spec) (*Process, error) {
	had, err := try(s)
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{Path: s.Command[0], Args: s.Command, Env: s.Env, Dir: s.Dir, SysProcAttr: apart()}
	if cmd.Env == nil {
		cmd.Env = []string{} // nil would be our own
	}
	if s.Stdin != nil {
		cmd.Stdin = s.Stdin
	}
	if s.Stdout != nil {
		cmd.Stdout = s.Stdout
	}
	if s.Stderr != nil {
		cmd.Stderr = s.Stderr
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{pid: cmd.Process.Pid, had: had, done: make(chan struct{})}
	var (
		mu    sync.Mutex
		why   string
		ended bool
	)
	p.kill = func(reason string) {
		mu.Lock()
		defer mu.Unlock()
		if ended || why != "" {
			return
		}
		why = reason
		killGroup(cmd.Process)
	}
	go func() {
		_ = cmd.Wait() // the state says it all
		mu.Lock()
		defer mu.Unlock()
		ended = true
		killGroup(cmd.Process)
		p.exit = stateOf(cmd.ProcessState)
		if why != "" && p.exit.Outside != "" {
			p.exit.Outside = why
		}
		close(p.done)
	}()
	return p, nil
}

// try says what a command does not have.
func try(s *Spec) (Confinement, error) {
	const not = "this system has no way to it"
	had := Confinement{Calls: notFiltered + not, Processes: allProcesses + not, Rest: restFound}
	switch {
	case s.Overlay != nil:
		return had, errors.Join(ErrOverlay, errors.New(not))
	case len(s.Binds) > 0:
		return had, errors.Join(ErrMounts, errors.New(not))
	case s.Network == NetworkRequired:
		return had, errors.Join(ErrNetwork, errors.New(not))
	case s.Network == NetworkOff:
		had.Network = "not confined: " + not
	}
	if len(s.Hide) > 0 {
		had.Hidden = "not hidden: " + not
	}
	if s.Memory > 0 {
		had.Memory = "no bound: " + not
	}
	v := &s.Varied
	for name, asked := range map[string]bool{"Host": v.Host != "", "CPUs": v.CPUs > 0, "FixedASLR": v.FixedASLR, "Nice": v.Nice > 0, "Umask": v.Umask != nil} {
		if asked {
			had.notVaried(name, not)
		}
	}
	return had, nil
}
