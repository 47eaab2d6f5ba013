package process

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// held is the room that files take which the processes of a group have open, and which no
// folder shows any more: removed ones, and those that never had a name (memfd_create, O_TMPFILE).
func held(group []processInfo) (memory, disk int64) {
	type file struct{ dev, ino uint64 }
	seen := make(map[file]bool)
	for _, p := range group {
		at := "/proc/" + strconv.Itoa(p.pid) + "/fd/"
		dir, err := os.Open(at)
		if err != nil {
			continue // it has ended
		}
		names, _ := dir.Readdirnames(-1) // what can be had
		_ = dir.Close()
		for _, name := range names {
			var stat unix.Stat_t
			if unix.Stat(at+name, &stat) != nil || stat.Nlink > 0 || stat.Blocks == 0 || stat.Mode&unix.S_IFMT != unix.S_IFREG {
				continue
			}
			if f := (file{uint64(stat.Dev), stat.Ino}); !seen[f] {
				seen[f] = true
				if inMemory(at + name) {
					memory += stat.Blocks * 512
				} else {
					disk += stat.Blocks * 512
				}
			}
		}
	}
	return memory, disk
}

// inMemory tells whether a file is one of a file system in memory.
func inMemory(path string) bool {
	var at unix.Statfs_t
	return unix.Statfs(path, &at) == nil && (at.Type == unix.TMPFS_MAGIC || at.Type == unix.RAMFS_MAGIC || at.Type == unix.HUGETLBFS_MAGIC)
}
