//go:build amd64 || arm64

package process

import (
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// partly are the system calls that are refused only for what they are asked for: a command
// needs them for itself, and would reach others by them.
var partly = []partial{
	// What is left behind is known by its mount namespace. In one of its own nothing could be
	// mounted anyway.
	{call{"unshare", unix.SYS_UNSHARE}, refuseIfAny(0, unix.CLONE_NEWNS)},
	{call{"clone", unix.SYS_CLONE}, refuseIfAny(0, unix.CLONE_NEWNS)},
	// Where this one has its flags no filter sees. Libraries take clone where it is not there.
	{call{"clone3", unix.SYS_CLONE3}, []bpf.Instruction{answer(unix.ENOSYS)}},
	// Landlock knows nothing of these, with which the services could be ended or slowed down.
	// 0 is who calls.
	{call{"prlimit64", unix.SYS_PRLIMIT64}, []bpf.Instruction{
		argument(0), bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 5},
		argument(2), bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 0, SkipTrue: 2}, // the limit to be set
		argumentHigh(2), bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 1},
		answer(unix.EPERM), bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}}},
	{call{"setpriority", unix.SYS_SETPRIORITY}, append(refuseUnless(0, unix.PRIO_PROCESS), refuseUnless(1, 0)...)},
	{call{"ioprio_set", unix.SYS_IOPRIO_SET}, append(refuseUnless(0, ioprioProcess), refuseUnless(1, 0)...)},
	{call{"sched_setscheduler", unix.SYS_SCHED_SETSCHEDULER}, refuseUnless(0, 0)},
	{call{"sched_setparam", unix.SYS_SCHED_SETPARAM}, refuseUnless(0, 0)},
	{call{"sched_setattr", unix.SYS_SCHED_SETATTR}, refuseUnless(0, 0)},
}

const ioprioProcess = 1 // IOPRIO_WHO_PROCESS of ioprio_set(2)

// partial is a call, and what decides on it. A block that comes to its end allows the call.
type partial struct {
	call
	block []bpf.Instruction
}

func answer(errno unix.Errno) bpf.Instruction {
	return bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(errno)}
}

// argument loads the lower half of an argument, as processors have it that we know.
func argument(n uint32) bpf.Instruction     { return bpf.LoadAbsolute{Off: 16 + 8*n, Size: 4} }
func argumentHigh(n uint32) bpf.Instruction { return bpf.LoadAbsolute{Off: 20 + 8*n, Size: 4} }

func refuseIfAny(n, bits uint32) []bpf.Instruction {
	return []bpf.Instruction{argument(n), bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: bits, SkipFalse: 1}, answer(unix.EPERM)}
}

func refuseUnless(n, is uint32) []bpf.Instruction {
	return []bpf.Instruction{argument(n), bpf.JumpIf{Cond: bpf.JumpEqual, Val: is, SkipTrue: 1}, answer(unix.EPERM)}
}

// decide are the blocks one behind the other, each for its call alone. The number of the call is
// loaded.
func decide() (all []bpf.Instruction) {
	for _, p := range partly {
		all = append(all, bpf.JumpIf{Cond: bpf.JumpEqual, Val: p.number, SkipFalse: uint8(len(p.block) + 1)})
		all = append(append(all, p.block...), bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW})
	}
	return all
}
