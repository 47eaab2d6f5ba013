package process

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// restrict takes from this thread what the command is not to have. It comes last. What
// cannot be taken away here is noted, where the command can be started all the same.
func (a *surroundings) restrict(shares bool) error {
	err := a.noNewRights()
	if shares {
		err = errors.Join(err, dropRights())
	}
	a.had.Processes = ownProcesses()
	a.had.Calls = filterCalls(a.had.Processes == onlyItsOwn)
	return err
}

// noNewRights keeps programs that become somebody else (setuid) what the command is.
func (a *surroundings) noNewRights() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("take no new rights: %w", err)
	}
	a.had.Rights = "no new ones: programs of other users run as this one"
	return nil
}

// dropRights keeps from the command what would let it undo all this: a command of an
// ordinary user then has no capabilities, one of root has all others.
func dropRights() error {
	err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	for _, c := range []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SYS_PTRACE, unix.CAP_PERFMON} {
		err = errors.Join(err, unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0))
	}
	var data [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	err = errors.Join(err, unix.Capget(&header, &data[0]))
	for i := range data {
		data[i].Inheritable = 0
	}
	if err = errors.Join(err, unix.Capset(&header, &data[0])); err != nil {
		return fmt.Errorf("give up capabilities: %w", err)
	}
	return nil
}
