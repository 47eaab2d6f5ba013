//go:build !unix

package workertest

import "os/exec"

func apart(*exec.Cmd) {}

func (p *process) kill() error { return p.cmd.Process.Kill() }

func (p *process) left() (alive, known bool) { return false, false }
