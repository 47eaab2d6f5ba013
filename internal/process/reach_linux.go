package process

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const onlyItsOwn = "it can signal, and look into, its own alone, by Landlock"

// ownProcesses keeps this thread, and all that it starts, from signalling processes that it
// has not started, from looking into them by /proc, and from connecting to their abstract
// sockets, which are no files. It says so, or why it could not. See
// landlock(7): as no files are named, none are kept away.
func ownProcesses() string {
	rules := unix.LandlockRulesetAttr{Scoped: unix.LANDLOCK_SCOPE_SIGNAL | unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&rules)), unsafe.Sizeof(rules), 0)
	if errno != 0 {
		return allProcesses + "no Landlock of Linux 6.12 or later here: " + errno.Error()
	}
	_, _, errno = unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0)
	_ = unix.Close(int(fd))
	if errno != 0 {
		return allProcesses + "Landlock: " + errno.Error()
	}
	return onlyItsOwn
}
