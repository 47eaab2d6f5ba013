//go:build amd64 || arm64

package process

import (
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// call is a system call.
type call struct {
	name   string
	number uint32
}

// traces is refused where nothing else keeps a command from others than its own. Where
// something does it is not: programs with AddressSanitizer look into themselves by it.
var traces = call{"ptrace", unix.SYS_PTRACE}

// refused are the system calls that a command has no business with, and by which it would
// reach other processes, or parts of the kernel in which mistakes are found again and again.
// umount2 is not among them: this thread needs it once more, and mounts that hide something
// cannot be taken away anyway. Namespaces but those of mounts are not, since browsers shut themselves in with them.
var refused = slices.Concat(refusedHere, []call{
	// other processes
	traces,
	{"process_vm_readv", unix.SYS_PROCESS_VM_READV},
	{"process_vm_writev", unix.SYS_PROCESS_VM_WRITEV},
	{"pidfd_getfd", unix.SYS_PIDFD_GETFD},
	{"setns", unix.SYS_SETNS},
	// keys that the kernel holds for this user, which no mount hides
	{"add_key", unix.SYS_ADD_KEY},
	{"request_key", unix.SYS_REQUEST_KEY},
	{"keyctl", unix.SYS_KEYCTL},
	// files behind what is mounted
	{"mount", unix.SYS_MOUNT},
	{"pivot_root", unix.SYS_PIVOT_ROOT},
	{"move_mount", unix.SYS_MOVE_MOUNT},
	{"open_tree", unix.SYS_OPEN_TREE},
	{"open_tree_attr", unix.SYS_OPEN_TREE_ATTR},
	{"mount_setattr", unix.SYS_MOUNT_SETATTR},
	{"fsopen", unix.SYS_FSOPEN},
	{"fspick", unix.SYS_FSPICK},
	{"fsconfig", unix.SYS_FSCONFIG},
	{"fsmount", unix.SYS_FSMOUNT},
	{"open_by_handle_at", unix.SYS_OPEN_BY_HANDLE_AT},
	{"quotactl", unix.SYS_QUOTACTL},
	{"quotactl_fd", unix.SYS_QUOTACTL_FD},
	// the inside of the kernel
	{"bpf", unix.SYS_BPF},
	{"perf_event_open", unix.SYS_PERF_EVENT_OPEN},
	{"userfaultfd", unix.SYS_USERFAULTFD},
	{"io_uring_setup", unix.SYS_IO_URING_SETUP},
	{"io_uring_enter", unix.SYS_IO_URING_ENTER},
	{"io_uring_register", unix.SYS_IO_URING_REGISTER},
	{"init_module", unix.SYS_INIT_MODULE},
	{"finit_module", unix.SYS_FINIT_MODULE},
	{"delete_module", unix.SYS_DELETE_MODULE},
	{"kexec_load", unix.SYS_KEXEC_LOAD},
	{"kexec_file_load", unix.SYS_KEXEC_FILE_LOAD},
	{"syslog", unix.SYS_SYSLOG},
	// the machine, which a command of root could change
	{"reboot", unix.SYS_REBOOT},
	{"swapon", unix.SYS_SWAPON},
	{"swapoff", unix.SYS_SWAPOFF},
	{"acct", unix.SYS_ACCT},
	{"settimeofday", unix.SYS_SETTIMEOFDAY},
	{"clock_settime", unix.SYS_CLOCK_SETTIME},
	{"clock_adjtime", unix.SYS_CLOCK_ADJTIME},
	{"adjtimex", unix.SYS_ADJTIMEX},
})

// x32 is the first number of the calls of x32, the other way to call an amd64 kernel.
const x32 = 1 << 30

// filter is what the kernel runs at each call: see seccomp(2). A refused call fails with EPERM,
// so that a program can go another way.
type filter struct {
	calls int // that it refuses
	made  func() ([]unix.SockFilter, error)
}

var (
	filterAll  = newFilter(refused)
	filterRest = newFilter(slices.DeleteFunc(slices.Clone(refused), func(c call) bool { return c == traces }))
)

func newFilter(refused []call) filter {
	return filter{len(refused), sync.OnceValues(func() ([]unix.SockFilter, error) { return assemble(refused) })}
}

func assemble(refused []call) ([]unix.SockFilter, error) {
	const architecture, number, size = 4, 0, 4 // in struct seccomp_data
	refuse := bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)}
	decided := decide()
	n := len(refused) + len(decided)
	program := []bpf.Instruction{
		bpf.LoadAbsolute{Off: architecture, Size: size},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: ourArchitecture, SkipTrue: 1},
		refuse, // the same calls have other numbers there
		bpf.LoadAbsolute{Off: number, Size: size},
		bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: x32, SkipTrue: uint8(n + 1)},
	}
	for i, c := range refused {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpEqual, Val: c.number, SkipTrue: uint8(n - i)})
	}
	program = append(program, decided...)
	raw, err := bpf.Assemble(append(program, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}, refuse))
	made := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		made[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return made, err
}

// filterCalls has the kernel refuse system calls to this thread, and to all that it starts,
// and says so, or why it could not. apart tells that the command reaches its own processes
// alone anyway.
func filterCalls(apart bool) string {
	f := filterAll
	if apart {
		f = filterRest
	}
	made, err := f.made()
	if err != nil {
		return notFiltered + err.Error()
	}
	program := unix.SockFprog{Len: uint16(len(made)), Filter: &made[0]}
	// Older kernels slow down whoever has a filter, unless they are asked not to.
	const flags = unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return notFiltered + "this kernel takes no filter: " + errno.Error()
	}
	return fmt.Sprintf("a filter refuses %d system calls, %d more where they reach others, and all of 32-bit programs", f.calls, len(partly))
}
