package process

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The watch ends commands that take more memory, or have more processes and threads, than they
// may. It looks again after as long as a command needs at the least to use up what it
// may still have, so that it looks rarely at one that is far from its bound.
const (
	fastest     = 8 << 30 // bytes a second that memory is taken at
	soonest     = 5 * time.Millisecond
	latest      = 100 * time.Millisecond
	leisurely   = 250 * time.Millisecond // where no memory is bounded
	worthOfTime = 20                     // it may take a twentieth of the time of one processor
)

// watch ends commands that take more than they may, for as long as there are any.
func (s *starter) watch() {
	runtime.LockOSThread() // whose time is counted
	defer runtime.UnlockOSThread()
	for wait := soonest; ; {
		time.Sleep(wait)
		began := threadTime()
		free, any := s.look()
		if !any {
			return
		}
		if wait = leisurely; free >= 0 {
			wait = min(max(time.Duration(free/(fastest/int64(time.Second))), soonest), latest)
		}
		wait = max(wait, worthOfTime*(threadTime()-began))
	}
}

// threadTime is the time of a processor that this thread has had.
func threadTime() time.Duration {
	var used unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_THREAD, &used) // cannot fail
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// look looks at all commands with a bound once. free is the least that one of them may
// still take, below 0 where no memory is bounded.
func (s *starter) look() (free int64, any bool) {
	s.mu.Lock()
	var bounded []*command
	for _, c := range s.commands {
		if c.bounded() {
			bounded = append(bounded, c)
		}
	}
	s.watching = len(bounded) > 0
	s.mu.Unlock()
	if len(bounded) == 0 {
		return 0, false
	}
	all := processes()
	free = -1
	for _, c := range bounded {
		group := s.group(c, all)
		if c.threads > 0 && threadsOf(group) > c.threads {
			s.kill(c, fmt.Sprintf("it had more than the %d processes and threads that it may have: raise processes, or let it start fewer", c.threads))
			continue
		}
		if c.memory == 0 {
			continue
		}
		taken := takenBy(c, group)
		if taken > c.memory {
			s.kill(c, fmt.Sprintf("it took more than the %s of memory that it may have", size(c.memory)))
			continue
		}
		if left := c.memory - taken; free < 0 || left < free {
			free = left
		}
	}
	return free, true
}

// takenBy is how much memory a command and what it has started have in use. Only when all that
// is resident is more than it may have is it worth the time to leave out what is shared or mapped.
func takenBy(c *command, group []processInfo) int64 {
	resident := int64(0)
	for _, p := range group {
		resident += p.resident
	}
	held := c.held.Load()
	if resident+held <= c.memory {
		return resident + held
	}
	own, shared := int64(0), int64(0)
	for _, p := range group {
		o, s := p.own()
		own, shared = own+o, shared+s
	}
	return own + max(shared, held) // what is held may be mapped too
}

func threadsOf(group []processInfo) (n int) {
	for _, p := range group {
		n += p.threads
	}
	return n
}

// own is the memory that a process has in use itself, and its part of what it shares with
// others, without mapped files, which the kernel can read again.
func (p processInfo) own() (own, shared int64) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/smaps_rollup")
	if err != nil {
		return p.resident, 0
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch fields[0] {
		case "Pss_Anon:", "SwapPss:":
			own += kibibytes(fields[1])
		case "Pss_Shmem:":
			shared += kibibytes(fields[1])
		}
	}
	return own, shared
}

func kibibytes(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n << 10
}

// size writes a number of bytes for people.
func size(bytes int64) string {
	if bytes%(1<<20) == 0 {
		return fmt.Sprintf("%dMiB", bytes>>20)
	}
	return fmt.Sprintf("%d bytes", bytes)
}
