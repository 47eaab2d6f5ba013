package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"abraxas.dev/ers/pkg/bus"
)

// OpenCopy opens a bus for reading on a copy of the store in c.StoreDir, and changes no
// byte of the store: a server that recovers a damaged store cuts its files where the
// damage begins, and they are evidence. For the same reason links to the files would
// not do.
//
// The streams are copied, and no other file that stands beside them, into a folder below os.TempDir that is removed when the
// bus is closed. Where the file system shares blocks between copies, that costs neither
// time nor room. progress, when set, is told how many bytes are copied. A store that
// another process works on is refused, since a copy of it would not be of one moment.
func OpenCopy(ctx context.Context, c Config, progress func(done, total int64)) (b *bus.Bus, err error) {
	removeLeftCopies()
	dir, err := os.MkdirTemp("", copyPrefix)
	if err != nil {
		return nil, fmt.Errorf("folder for a copy of the store: %w", err)
	}
	if err := copyStore(ctx, dir, c.StoreDir, progress); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	c.StoreDir, c.Listen, c.URL, c.ReadOnly = dir, "", "", true
	s, err := Start(c)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.remove = dir
	c.Server = s
	return bus.Open(ctx, c.Config)
}

const copyPrefix = "ers-copy-"

// removeLeftCopies removes the copies of processes that were killed.
func removeLeftCopies() {
	removeLeft(os.TempDir(), copyPrefix, func(dir string) (io.Closer, error) { return lockCopy(dir) })
}

// RemoveLeft removes the folders that [os.MkdirTemp] made with a prefix and that nobody locks by [LockFolder].
func RemoveLeft(parent, prefix string) { removeLeft(parent, prefix, LockFolder) }

// removeLeft removes folders of processes that were killed. Those of processes that live are locked, or so
// new that they may not be locked yet. What cannot be removed is another user's.
func removeLeft(parent, prefix string, lock func(dir string) (io.Closer, error)) {
	list, _ := os.ReadDir(parent)
	for _, e := range list {
		random, ours := strings.CutPrefix(e.Name(), prefix)
		if _, err := strconv.ParseUint(random, 10, 64); !ours || err != nil {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		dir := filepath.Join(parent, e.Name())
		if held, err := lock(dir); err == nil {
			_ = os.RemoveAll(dir)
			_ = held.Close()
		}
	}
}

// LockFolder locks a folder itself, and nothing in it, until what it returns is closed or the process ends.
// Not every system can.
func LockFolder(dir string) (io.Closer, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := tryLock(f, true); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// lockCopy locks a copy, of which only its own process and who removes it knows.
func lockCopy(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := tryLock(f, true); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// copyStore copies a store that nobody works on.
func copyStore(ctx context.Context, to, from string, progress func(done, total int64)) (err error) {
	// While the copy is made, its folder is locked. The server locks it anew.
	own, err := lockCopy(to)
	if err != nil {
		return fmt.Errorf("lock the copy of the store: %w", err)
	}
	defer own.Close()
	lock, err := lockForReading(from)
	if err != nil {
		return err
	}
	if lock != nil {
		defer lock.Close()
	}
	files, total, err := listStore(from)
	if err != nil {
		return err
	}
	if free, known := freeSpace(to); known && free < uint64(total) {
		return fmt.Errorf("reading the store %s needs a copy of its %s, and %s has room for %s: make room there, or name another folder in TMPDIR",
			from, size(total), os.TempDir(), size(int64(free)))
	}
	c := copier{ctx: ctx, total: total, progress: progress}
	for _, file := range files {
		if err := c.file(filepath.Join(to, file), filepath.Join(from, file)); err != nil {
			return fmt.Errorf("copy the store %s to read it: %w", from, err)
		}
		if err := defuse(filepath.Join(to, file)); err != nil {
			return fmt.Errorf("copy the store %s to read it: %s: %w", from, file, err)
		}
	}
	return nil
}

// streamsName is the folder in a store in which a server has all that it keeps.
const streamsName = "jetstream"

// consumersName is the folder in which a stream has its consumers. A reader of a copy needs
// none of them, and one whose file is damaged would keep the server from its whole stream.
const consumersName = "obs"

// listStore lists the files of a store, and how many bytes they have together. What else people keep in
// the folder, as an archive of the store, is not of it.
func listStore(dir string) (files []string, total int64, err error) {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, 0, fmt.Errorf("store: %w", err)
	}
	err = filepath.WalkDir(filepath.Join(root, streamsName), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && e.Name() == consumersName {
			return filepath.SkipDir
		}
		if err != nil || e.IsDir() {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a file: a store has only files and folders", path)
		}
		name, err := filepath.Rel(root, path)
		files, total = append(files, name), total+info.Size()
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("store %s cannot be read: %w", dir, err)
	}
	if len(files) == 0 {
		return nil, 0, fmt.Errorf("%s is not a store: it has no streams in a folder %s; name the folder that was given to --store", dir, streamsName)
	}
	return files, total, nil
}

// copier copies files in pieces, so that it can be stopped, and told how far it is.
type copier struct {
	ctx         context.Context
	done, total int64
	progress    func(done, total int64)
}

const copyPiece = 16 << 20

func (c *copier) file(to, from string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	copied, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, copied.Close()) }()
	for {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		n, err := io.CopyN(copied, source, copyPiece)
		c.done += n
		if c.progress != nil {
			c.progress(c.done, c.total)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func size(bytes int64) string {
	const mega = 1 << 20
	return fmt.Sprintf("%d MiB", (bytes+mega-1)/mega)
}
