package folder

import (
	"io/fs"
	"syscall"
	"time"
)

func stampOf(info fs.FileInfo) stamp {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return stamp{}
	}
	return stamp{s.Ino, s.Size, time.Unix(int64(s.Ctim.Sec), int64(s.Ctim.Nsec))}
}
