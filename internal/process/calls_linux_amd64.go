package process

import "golang.org/x/sys/unix"

const ourArchitecture = unix.AUDIT_ARCH_X86_64

// refusedHere are calls that only this processor has.
var refusedHere = []call{
	{"iopl", unix.SYS_IOPL},
	{"ioperm", unix.SYS_IOPERM},
}
