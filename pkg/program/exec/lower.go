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
	want := shuffle{of: dir, order: v.FileOrder(), times: v.FileTimes()}
	if want.order == 0 && want.times == 0 {
		return dir
	}
	made := p.shuffled.get(ctx, want, skip)
	if made.err != nil {
		for _, name := range []vary.Name{vary.FileOrder, vary.FileTimes} {
			if v.Varied(name) {
				v.missed(name, made.err.Error())
			}
		}
		return dir
	}
	v.varied(vary.FileOrder, fmt.Sprintf("made in order %d", want.order))
	v.varied(vary.FileTimes, fmt.Sprintf("times %d", want.times))
	return made.dir
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

// ownFolderIn is a folder of this user alone in another one. Somebody else may have taken its
// name, by accident or not: then it has another one.
func ownFolderIn(parent string) (dir string, err error) {
	const names = 16
	for i := range names {
		dir = filepath.Join(parent, fmt.Sprintf("ers-of-%d", os.Getuid()))
		if i > 0 {
			dir += fmt.Sprintf("-%d", i)
		}
		if err = os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return "", err
		}
		if err = ownFolder(dir); err == nil {
			return dir, nil
		}
	}
	return "", err
}
