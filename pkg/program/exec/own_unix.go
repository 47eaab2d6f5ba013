//go:build unix

package exec

import (
	"fmt"
	"os"
	"syscall"
)

// ownFolder makes sure that a folder is this user's, and nobody else's.
func ownFolder(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(stat.Uid) != os.Getuid() || info.Mode().Perm() != 0o700 {
		return fmt.Errorf("%s is not a folder of this user alone: remove it", dir)
	}
	return nil
}

// hold takes the lock of a file, which is free again when the file is closed or this
// process has ended. It fails at once when somebody has it.
func hold(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
