package export

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// Folder is a folder in the making. Paths in it are relative, with slashes.
type Folder struct{ root *os.Root }

// WriteJSON writes a document in canonical form to a new file and returns the hash and
// the size of what it wrote.
func (d *Folder) WriteJSON(name string, doc any) (sha256 string, size int, err error) {
	data, err := events.Encode(doc)
	if err != nil {
		return "", 0, fmt.Errorf("%s: %w", name, err)
	}
	f, err := d.Create(name)
	if err != nil {
		return "", 0, err
	}
	_, err = f.Write(data)
	return canon.Sum(data).String(), len(data), errors.Join(err, f.Close())
}

// Create makes a new file, and the folders that it is in.
func (d *Folder) Create(name string) (*os.File, error) {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		if err := d.root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return nil, err
		}
		f, err = d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	}
	return f, err
}

// writeFolder has a new folder filled and puts it at name.
//
// Commit point: the rename, once everything is on disk. A crash before it leaves
// nothing at name, and beside it a folder .<name>.partial-… that nobody reads.
func writeFolder(name string, fill func(*Folder) error) (err error) {
	name, err = filepath.Abs(name)
	if err != nil {
		return err
	}
	if err := checkFree(name, true); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(filepath.Dir(name), partial(name))
	if err != nil {
		return fmt.Errorf("make a folder beside %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temporary))
		}
	}()
	if err := os.Chmod(temporary, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(temporary)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(&Folder{root}), root.Close()); err != nil {
		return err
	}
	if err := syncTree(temporary); err != nil {
		return err
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // an empty folder goes; one that is not empty any more stays
	}
	if err := os.Rename(temporary, name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}

// writeFile is writeFolder for a single file.
func writeFile(name string, fill func(io.Writer) error) (err error) {
	if err := checkFree(name, false); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), partial(name))
	if err != nil {
		return fmt.Errorf("make a file beside %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	buffer := bufio.NewWriterSize(f, 1<<16)
	if err = fill(buffer); err == nil {
		err = errors.Join(buffer.Flush(), f.Chmod(0o644), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := checkFree(name, false); err != nil { // it took a while
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}

// partial is the pattern of what is in the making for name.
func partial(name string) string { return "." + filepath.Base(name) + ".partial-*" }

// checkFree makes sure that nothing gets lost at name. An empty folder is nothing
// where a folder is wanted.
func checkFree(name string, folder bool) error {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !folder || !info.IsDir():
		return fmt.Errorf("%s is there already: give another name or remove it", name)
	}
	entries, err := os.ReadDir(name)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("folder %s is not empty: give another name or empty it", name)
	}
	return err
}

// syncs is how many files are synced at once: a file system does them together.
const syncs = 16

// syncTree puts everything in a folder on disk.
func syncTree(name string) error {
	var group errgroup.Group
	group.SetLimit(syncs)
	err := filepath.WalkDir(name, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		group.Go(func() error {
			if entry.IsDir() {
				return syncFolder(name)
			}
			return syncPath(name)
		})
		return nil
	})
	return errors.Join(err, group.Wait())
}

// syncFolder puts the names in a folder on disk. Windows knows no such thing.
func syncFolder(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	return syncPath(name)
}

func syncPath(name string) error {
	f, err := os.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
