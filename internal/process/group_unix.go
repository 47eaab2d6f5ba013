//go:build unix && !linux

package process

import (
	"os"
	"syscall"
)

// apart gives a command a session of its own, which no terminal's signals reach.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

func stateOf(s *os.ProcessState) Exit { return exitOf(s.Sys().(syscall.WaitStatus)) }
