//go:build unix

package workertest

import (
	"os/exec"
	"syscall"
)

// apart gives the command a process group of its own.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill kills the whole group.
func (p *process) kill() error {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // ESRCH: nobody is left
	return nil
}

// left tells whether a process of the group is alive.
func (p *process) left() (alive, known bool) {
	return syscall.Kill(-p.cmd.Process.Pid, 0) == nil, true
}
