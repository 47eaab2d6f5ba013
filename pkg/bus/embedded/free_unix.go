//go:build linux || darwin || freebsd

package embedded

import "syscall"

// freeSpace is how many bytes we may still write in a folder.
func freeSpace(dir string) (bytes uint64, known bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true
}
