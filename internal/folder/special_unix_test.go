//go:build unix

package folder

import "syscall"

func special(at string) error { return syscall.Mkfifo(at, 0o644) }
