//go:build unix

package process

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

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
