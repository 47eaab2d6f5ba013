package process

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// addrNoRandomize is ADDR_NO_RANDOMIZE of personality(2).
const addrNoRandomize = 0x0040000

// vary makes this thread as the command is to be, which inherits all of it. What cannot be
// had is noted, and the command is started without it.
func (a *surroundings) vary(v *Varied) {
	for _, one := range []struct {
		name  string
		asked bool
		set   func() error
	}{
		{"Host", v.Host != "", func() error { return hostOfItsOwn(v.Host) }},
		{"CPUs", v.CPUs > 0, func() error { return firstCPUs(v.CPUs) }},
		{"FixedASLR", v.FixedASLR, fixAddresses},
		{"Nice", v.Nice > 0, func() error { return nicer(v.Nice) }},
		{"PID", v.PID, func() error { return unix.Unshare(unix.CLONE_NEWPID) }},
		{"Umask", v.Umask != nil, func() error { return umaskOfItsOwn(*v.Umask) }},
	} {
		if !one.asked {
			continue
		}
		if err := one.set(); err != nil {
			a.had.notVaried(one.name, err.Error())
		}
	}
}

func hostOfItsOwn(name string) error {
	if err := unix.Unshare(unix.CLONE_NEWUTS); err != nil {
		return fmt.Errorf("make a UTS namespace: %w", err)
	}
	return unix.Sethostname([]byte(name))
}

// firstCPUs takes the first n of the processors that this thread may run on.
func firstCPUs(n int) error {
	var may, want unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		return err
	}
	if may.Count() <= n {
		return fmt.Errorf("it may run on %d processors, and was to have fewer", may.Count())
	}
	for cpu := 0; want.Count() < n; cpu++ {
		if may.IsSet(cpu) {
			want.Set(cpu)
		}
	}
	return unix.SchedSetaffinity(0, &want)
}

func fixAddresses() error {
	const ask = 0xffffffff
	now, _, errno := unix.Syscall(unix.SYS_PERSONALITY, ask, 0, 0)
	if errno == 0 {
		_, _, errno = unix.Syscall(unix.SYS_PERSONALITY, now|addrNoRandomize, 0, 0)
	}
	if errno != 0 {
		return errno
	}
	return nil
}

// nicer gives way more willingly by so much, or as far as that goes.
func nicer(by int) error {
	const most = 19
	now := niceness()
	if now == most {
		return fmt.Errorf("it gives way as much as it can already: its niceness is %d", most)
	}
	return unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), min(now+by, most))
}

// niceness of this thread. The system call returns 20 less it.
func niceness() int {
	n, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	if err != nil {
		return 0
	}
	return 20 - n
}

// umaskOfItsOwn sets the mask of this thread alone.
func umaskOfItsOwn(mask int) error {
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	unix.Umask(mask)
	return nil
}
