//go:build !unix

package process

import (
	"os"
	"syscall"
)

const restFound = "what it leaves behind is not found"

func apart() *syscall.SysProcAttr { return nil }

func killGroup(p *os.Process) { _ = p.Kill() }

// stateOf says how a command ended. This system does not tell what has ended it: whoever
// is killed has the exit status 1.
func stateOf(s *os.ProcessState) Exit { return Exit{Code: s.ExitCode()} }
