package process

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// mode is how a starter comes to the right to mount.
type mode string

const (
	modeRoot  mode = "root"  // it has it
	modeUser  mode = "user"  // in a user namespace of its own, in which the user keeps uid and gid
	modePlain mode = "plain" // it has not
)

// modes are those worth trying, the best first.
func modes() []mode {
	if os.Geteuid() == 0 && hasCapability(unix.CAP_SYS_ADMIN) {
		return []mode{modeRoot, modeUser, modePlain}
	}
	return []mode{modeUser, modePlain}
}

func hasCapability(c uint) bool {
	var data [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	return unix.Capget(&header, &data[0]) == nil && data[c/32].Effective&(1<<(c%32)) != 0
}

// attributes are how a starter is started. It is in a session of its own, so that it
// outlives our process group for as long as it takes to end what it has started.
func (m mode) attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setsid: true}
	if m == modeUser {
		uid, gid := os.Geteuid(), os.Getegid()
		a.Cloneflags = syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
		a.AmbientCaps = starterCaps
	}
	return a
}

// starterCaps are what a starter needs in its user namespace: to mount, to bring up lo, to
// look at processes, to keep all this from commands, and what an overlay does in the name of
// whoever has mounted it.
var starterCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_SYS_PTRACE, unix.CAP_SETPCAP,
	unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_FSETID, unix.CAP_MKNOD, unix.CAP_SETFCAP}

// explain says what an error at the start means.
func (m mode) explain(err error) error {
	number := syscall.Errno(0)
	if m == modeUser && errors.As(err, &number) {
		return fmt.Errorf("no user namespaces for this user (%w)", number)
	}
	return err
}

// hint says what a system that is known for it has set.
func hint() string {
	for _, setting := range []struct{ path, forbids string }{
		{"kernel/apparmor_restrict_unprivileged_userns", "1"},
		{"kernel/unprivileged_userns_clone", "0"},
		{"user/max_user_namespaces", "0"},
	} {
		text, err := os.ReadFile("/proc/sys/" + setting.path)
		if err == nil && strings.TrimSpace(string(text)) == setting.forbids {
			return fmt.Sprintf("; here %s is %s", strings.ReplaceAll(setting.path, "/", "."), setting.forbids)
		}
	}
	return ""
}
