package process

import (
	"bytes"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// processInfo is a process as the kernel shows it.
type processInfo struct {
	pid, parent, session int
	threads              int
	resident             int64 // bytes
}

// table is what runs, by parent.
type table map[int][]processInfo

// processes looks at everything that runs. What ends meanwhile may be in it or not.
func processes() table {
	t := make(table)
	proc, err := os.Open("/proc")
	if err != nil {
		return t
	}
	defer func() { _ = proc.Close() }()
	names, _ := proc.Readdirnames(-1) // what can be had
	room := make([]byte, 1024)
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		if p, ok := readStat(name, room); ok {
			t[p.parent] = append(t[p.parent], p)
		}
	}
	return t
}

var pageSize = int64(os.Getpagesize())

// readStat reads one line of numbers. See proc_pid_stat(5).
func readStat(pid string, room []byte) (p processInfo, ok bool) {
	fd, err := unix.Open("/proc/"+pid+"/stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return p, false
	}
	n, _ := unix.Read(fd, room)
	_ = unix.Close(fd)
	end := bytes.LastIndexByte(room[:max(n, 0)], ')') // of the name, which may be anything
	if end < 0 {
		return p, false
	}
	fields := strings.Fields(string(room[end+1 : n]))
	if len(fields) < 22 {
		return p, false
	}
	p.pid, _ = strconv.Atoi(pid)
	p.parent, _ = strconv.Atoi(fields[1])
	p.session, _ = strconv.Atoi(fields[3])
	p.threads, _ = strconv.Atoi(fields[17])
	pages, _ := strconv.ParseInt(fields[21], 10, 64)
	p.resident = pages * pageSize
	return p, true
}

// mounts names the mount namespace that a process is in, "" where that cannot be seen.
func (p processInfo) mounts() string {
	name, _ := os.Readlink("/proc/" + strconv.Itoa(p.pid) + "/ns/mnt")
	return name
}

// starved is how many processes the kernel has killed for lack of memory since it runs.
func starved() int64 {
	text, _ := os.ReadFile("/proc/vmstat")
	_, count, _ := strings.Cut(string(text), "\noom_kill ")
	count, _, _ = strings.Cut(count, "\n")
	n, _ := strconv.ParseInt(count, 10, 64)
	return n
}
