package process

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	betweenMeasures = time.Second
	maxEntries      = 1 << 20 // files and folders that a command may have in its folder
)

// measure ends commands that write more than they may, for as long as there are any. What they
// hold in memory is for the watch, which has no time to look at all open files.
func (s *starter) measure() {
	runtime.LockOSThread() // whose time is counted
	defer runtime.UnlockOSThread()
	for wait := betweenMeasures; ; {
		time.Sleep(wait)
		began := threadTime()
		list := s.writers()
		if len(list) == 0 {
			return
		}
		all := processes()
		for _, c := range list {
			memory, disk := held(s.group(c, all))
			c.held.Store(memory)
			if c.written == 0 {
				continue
			}
			switch bytes, entries := written(c.scratch, c.written); {
			case bytes+disk > c.written:
				s.kill(c, fmt.Sprintf("it wrote more than the %s that it may have on the disk: raise disk, or let it write less", size(c.written)))
			case entries > maxEntries:
				s.kill(c, fmt.Sprintf("it made more than the %d files and folders that it may have", maxEntries))
			}
		}
		wait = max(betweenMeasures, worthOfTime*(threadTime()-began))
	}
}

// writers are the commands that have a bound on what they write, or hold in memory.
func (s *starter) writers() (list []*command) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.commands {
		if c.measured() {
			list = append(list, c)
		}
	}
	s.measuring = len(list) > 0
	return list
}

// written is how much room the files of a folder take on the disk, and how many there are. It
// stops where there is more than enough. What cannot be read is left out.
func written(dir string, enough int64) (bytes int64, entries int) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := e.Info(); err == nil {
			if stat, ok := info.Sys().(*syscall.Stat_t); ok {
				bytes += stat.Blocks * 512
			}
		}
		if entries++; bytes > enough || entries > maxEntries {
			return fs.SkipAll
		}
		return nil
	})
	return bytes, entries
}

// atMost is a bound, or half of what is free on the disk where that is less.
func atMost(bound int64, dir string) int64 {
	var at unix.Statfs_t
	if bound == 0 || unix.Statfs(dir, &at) != nil {
		return bound
	}
	return min(bound, int64(at.Bavail)*int64(at.Bsize)/2)
}
