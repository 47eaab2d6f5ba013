// Package architectures holds the processors together: the whole of ERS, built for another
// one and run under qemu, must come to the same bytes as here. It has no code but tests.
//
// It takes Debian's qemu-user-static and, as ERS starts itself once more for tasks, a kernel
// that runs programs for other processors through it (binfmt_misc); .ci/run sees to both.
// ERS_LONG=1 tests arm64, riscv64 and s390x, else s390x alone, which is the one that is
// big-endian.
package architectures
