//go:build unix

package process

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// restFound is how what a command leaves behind is found without a starter that can.
const restFound = "what stays in its session is ended, the rest is not found"

// exitOf says how a process ended.
func exitOf(status syscall.WaitStatus) Exit {
	if !status.Signaled() {
		return Exit{Code: status.ExitStatus()}
	}
	e := Exit{Code: -1, Signal: unix.SignalName(status.Signal())}
	if e.Signal == "" {
		e.Signal = fmt.Sprintf("signal %d", int(status.Signal()))
	}
	switch status.Signal() {
	case syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT:
		e.Outside = "it was killed from outside (" + e.Signal + ")"
	}
	return e
}
