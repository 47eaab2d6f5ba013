package process

import "golang.org/x/sys/unix"

const ourArchitecture = unix.AUDIT_ARCH_AARCH64

// refusedHere are calls that only this processor has.
var refusedHere []call
