//go:build unix

package service_test

import (
	"syscall"
	"time"
)

// processorTime is what this process has used, the server among it: it says more than the
// clock where others use the machine too.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
