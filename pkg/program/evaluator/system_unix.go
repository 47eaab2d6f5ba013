//go:build unix && !linux

package evaluator

import (
	"os"
	"syscall"
)

func executable() (string, error) { return os.Executable() }

// apart keeps the terminal's signals from an evaluator.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// limitSystem does nothing: no limit of this system is about what is in use.
func limitSystem(int64) {}
