package exec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"abraxas.dev/ers/internal/folder"
	"abraxas.dev/ers/pkg/vary"
)

// What is copied at most so that files can be listed in another order, or have other times.
const (
	maxShuffledFiles = 5000
	maxShuffledBytes = 64 << 20
)

// memoryFolder is where files are listed in the order in which they were made.
const memoryFolder = "/dev/shm"

// shuffled are copies of folders with their files in another order, or with other times.
// Runs and ticks share them, as none changes what is under its overlay.
type shuffled struct {
	mu     sync.Mutex
	made   map[shuffle]copyOf
	memory scratch // in memoryFolder, when there is one
}

// shuffle names a copy.
type shuffle struct {
	of           string
	order, times int64 // 0: as they are
}

type copyOf struct {
	dir string
	err error
}

// lower is the folder that a run has under its overlay: one as it is, or a copy of it in
// which the files are otherwise. What cannot be had is noted, and left as it is.
func (p *Program) lower(ctx context.Context, dir string, skip []string, v *variation) string {
	for _, one := range []struct {
		name   vary.Name
		number int64
		says   string
		want   func(number int64) shuffle
	}{
		{vary.FileOrder, v.FileOrder(), "made in order %d", func(n int64) shuffle { return shuffle{of: dir, order: n, times: v.FileTimes()} }},
		{vary.FileTimes, v.FileTimes(), "times %d", func(n int64) shuffle { return shuffle{of: dir, times: n} }},
	} {
		if one.number == 0 {
			continue
		}
		made := p.shuffled.get(ctx, one.want(one.number), skip)
		if made.err != nil {
			v.missed(one.name, made.err.Error())
			continue
		}
		v.varied(one.name, fmt.Sprintf(one.says, one.number))
		if one.name == vary.FileOrder && v.FileTimes() > 0 {
			v.varied(vary.FileTimes, fmt.Sprintf("times %d", v.FileTimes()))
		}
		return made.dir
	}
	return dir
}

// get returns a copy, which is made the first time.
func (s *shuffled) get(ctx context.Context, want shuffle, skip []string) copyOf {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, there := s.made[want]
	if !there {
		c.dir, c.err = s.make(ctx, want, skip)
		if ctx.Err() != nil {
			return c // it is tried again
		}
		if s.made == nil {
			s.made = make(map[shuffle]copyOf)
		}
		s.made[want] = c
	}
	return c
}

func (s *shuffled) make(ctx context.Context, want shuffle, skip []string) (string, error) {
	if s.memory.dir == "" {
		base, err := ownFolderIn(memoryFolder)
		if err != nil {
			return "", fmt.Errorf("no file system in memory: %w", err)
		}
		sweep(base)
		if s.memory, err = scratchIn(base); err != nil {
			return "", err
		}
	}
	dir := filepath.Join(s.memory.dir, fmt.Sprintf("files-%d", len(s.made)))
	if err := copySmall(ctx, want.of, dir, skip); err != nil {
		return "", errors.Join(err, folder.Remove(dir))
	}
	err := folder.Reorder(dir, want.of, want.order)
	if err == nil && want.times > 0 {
		err = folder.Retime(dir, want.times)
	}
	return dir, err
}

// copySmall copies a folder that is not too large.
func copySmall(ctx context.Context, from, to string, skip []string) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	errLarge := fmt.Errorf("the folder has more than %d files, or more than %d MiB", maxShuffledFiles, maxShuffledBytes>>20)
	_, _, err := folder.Copy(ctx, from, to, folder.CopyOptions{Skip: skip, Progress: func(files int, bytes int64) {
		if files > maxShuffledFiles || bytes > maxShuffledBytes {
			stop(errLarge)
		}
	}})
	if context.Cause(ctx) == errLarge {
		return errLarge
	}
	return err
}

// remove removes all copies.
func (s *shuffled) remove() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made = nil
	if s.memory.dir == "" {
		return nil
	}
	return s.memory.remove()
}

// ownFolderIn is a folder of this user alone in another one.
func ownFolderIn(parent string) (string, error) {
	dir := filepath.Join(parent, fmt.Sprintf("ers-of-%d", os.Getuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return dir, ownFolder(dir)
}
