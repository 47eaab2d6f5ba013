package evaluator

import (
	"os"
	"syscall"
)

// executable is this program, also when its file was replaced meanwhile.
func executable() (string, error) { return "/proc/self/exe", nil }

// apart keeps the terminal's signals from an evaluator, and ends it with the thread that
// started it.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// limitSystem asks the kernel to refuse what goes far beyond the bound, and to take this
// process before others when there is no memory left. Either may be forbidden; the watch
// does without.
func limitSystem(bound int64) {
	if most := uint64(bound)*2 + extraData; !raceEnabled {
		_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: most, Max: most})
	}
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0o644)
}

// extraData is for what Go's runtime maps besides the heap.
const extraData = 256 << 20
