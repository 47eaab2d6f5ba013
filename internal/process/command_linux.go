package process

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// command is one that a starter has started. What is not fixed is under the starter's mu.
type command struct {
	pid     int
	mounts  string // its mount namespace, "" where that is not its own
	memory  int64
	threads int
	scratch string
	written int64
	held    atomic.Int64 // memory of files that it has open and that have no name
	reaped  chan struct{}
	status  syscall.WaitStatus // when reaped is closed
	why     string             // we have killed it, "" if not
	starved int64              // the kernel's count of processes that it has killed for lack of memory, at the start
}

// bounded tells whether its processes are looked at.
func (c *command) bounded() bool { return c.memory > 0 || c.threads > 0 }

// measured tells whether what it writes is looked at.
func (c *command) measured() bool { return c.memory > 0 || c.written > 0 }

// start starts the command on this thread, with what the thread has around it.
func (s *starter) start(o *order, files [3]int) (*command, error) {
	c := &command{memory: o.Memory, threads: o.Threads, scratch: o.Scratch, written: atMost(o.Written, o.Scratch), reaped: make(chan struct{}), starved: starved()}
	if s.shares {
		c.mounts, _ = os.Readlink("/proc/thread-self/ns/mnt")
	}
	attributes := &syscall.ProcAttr{Dir: o.Dir, Env: o.Env, Files: []uintptr{uintptr(files[0]), uintptr(files[1]), uintptr(files[2])},
		Sys: &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}}
	s.mu.Lock()
	defer s.mu.Unlock() // else it could be reaped before it is known
	pid, err := syscall.ForkExec(o.Command[0], o.Command, attributes)
	if err != nil {
		return nil, fmt.Errorf("start %s in %s: %w", o.Command[0], o.Dir, err)
	}
	c.pid = pid
	s.commands[pid] = c
	// The kernel is to take it before others when the machine has no memory left.
	_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte("500"), 0o644)
	if c.bounded() && !s.watching {
		s.watching = true
		go s.watch()
	}
	if c.measured() && !s.measuring {
		s.measuring = true
		go s.measure()
	}
	return c, nil
}

// reap takes notice of all that has ended, commands and what they have left behind.
func (s *starter) reap(childs <-chan os.Signal) {
	for range childs {
		for s.reapOne() {
		}
	}
}

func (s *starter) reapOne() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var status syscall.WaitStatus
	pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
	if err == syscall.EINTR {
		return true
	}
	if err != nil || pid <= 0 {
		return false
	}
	if c := s.commands[pid]; c != nil {
		delete(s.commands, pid)
		c.status = status
		close(c.reaped)
	}
	return true
}

// kill ends a command and everything that it has started, if it has not ended by itself.
func (s *starter) kill(c *command, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.commands[c.pid] != c || c.why != "" {
		return // the number may be another's by now
	}
	c.why = why
	_ = syscall.Kill(c.pid, syscall.SIGKILL) // first, so that it does not see the others go
	_ = syscall.Kill(-c.pid, syscall.SIGKILL)
}

// clear ends what a command that has ended has left behind, and returns how many that were.
// apart tells that this thread can signal nothing but that.
func (s *starter) clear(c *command, apart bool) int {
	if s.loses {
		_ = syscall.Kill(-c.pid, syscall.SIGKILL) // the number is taken as long as one of the group is there
	}
	seen := make(map[int]bool)
	for try := range clearTries {
		if childless() {
			break
		}
		left := s.group(c, processes())
		if len(left) == 0 {
			break
		}
		for _, p := range left {
			seen[p.pid] = true
		}
		if !apart || !killAll() {
			for _, p := range left {
				_ = syscall.Kill(p.pid, syscall.SIGKILL)
			}
		}
		time.Sleep(time.Duration(try) * time.Millisecond / 4)
	}
	return len(seen)
}

// killAll kills all that this thread can signal but its own process: what its command has
// started, by Landlock. The kernel does it at once, so that nothing forks faster than it is
// killed. It looks first whether it really can signal nothing else, as it would be all of this user.
func killAll() bool {
	for _, other := range []int{1, os.Getppid()} {
		if other > 0 && syscall.Kill(other, 0) != syscall.EPERM {
			return false
		}
	}
	return syscall.Kill(-1, syscall.SIGKILL) == nil
}

// childless tells whether this starter has no children, whose ever.
func childless() bool {
	return unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil) == unix.ECHILD
}

// clearTries are some 5 s in all.
const clearTries = 200

// exit says how a command ended that was reaped.
func (c *command) exit(left int) Exit {
	e := exitOf(c.status)
	e.Left = left
	if c.status.Signaled() && c.status.Signal() == syscall.SIGKILL {
		switch {
		case c.why != "":
			e.Outside = c.why
		case starved() > c.starved:
			e.Outside += ": meanwhile the kernel has killed processes for lack of memory"
		}
	}
	return e
}

// group are the processes of a command: itself, unless it was reaped, what it has left
// behind, which is ours now, and all that these have started.
func (s *starter) group(c *command, all table) []processInfo {
	var group []processInfo
	s.mu.Lock()
	for _, p := range all[unix.Getpid()] {
		if s.owns(c, p) {
			group = append(group, p)
		}
	}
	s.mu.Unlock()
	for i := 0; i < len(group); i++ {
		group = append(group, all[group[i].pid]...)
	}
	return group
}

// owns tells whether a child of ours is the command or was left behind by it.
func (s *starter) owns(c *command, p processInfo) bool {
	if is := s.commands[p.pid]; is != nil {
		return is == c
	}
	return c.mounts == "" || p.session == c.pid || p.mounts() == c.mounts
}
