package process

import (
	"os"
	"runtime"
	"strings"
)

// Machine is what is known of this machine, for a record of surroundings: cpus, host,
// kernel (its release, "" where it is not known), machine and system (as Go names them).
func Machine() map[string]any {
	host, _ := os.Hostname()
	return map[string]any{
		"cpus": runtime.NumCPU(), "host": strings.ToValidUTF8(host, "\uFFFD"), "kernel": kernel(),
		"machine": runtime.GOARCH, "system": runtime.GOOS,
	}
}
