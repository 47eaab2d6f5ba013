//go:build !unix

package evaluator

import (
	"os"
	"syscall"
)

func executable() (string, error) { return os.Executable() }

func apart() *syscall.SysProcAttr { return nil }

func limitSystem(int64) {}
