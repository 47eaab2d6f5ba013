package folder

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// ErrOrder says that a file system lists files in an order of its own.
var ErrOrder = errors.New("the file system lists files in an order of its own")

// Reorder makes the entries of a folder, and of those in it, anew, so that they are listed
// in another order: it follows from their names and the number alone, or, with 0, it is that
// of the folder like, of which this one is a copy. It works on a file system that lists
// entries as they were made, such as tmpfs; the error is an ErrOrder on others.
func Reorder(dir, like string, number int64) error {
	return eachFolder(dir, func(in string, entries []fs.DirEntry) error {
		want := make([]string, len(entries))
		for i, e := range entries {
			want[i] = e.Name()
		}
		if number > 0 {
			slices.SortFunc(want, func(a, b string) int { return cmp.Compare(mix(number, a), mix(number, b)) })
		} else {
			path, err := filepath.Rel(dir, in)
			if err != nil {
				return err
			}
			all, err := listed(filepath.Join(like, path))
			if err != nil {
				return err
			}
			want = slices.DeleteFunc(all, func(name string) bool { return !slices.Contains(want, name) })
		}
		return relist(in, want)
	})
}

// relist makes the entries of a folder anew, so that they are listed in this order. Some
// file systems list the newest one first.
func relist(dir string, want []string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	away, err := os.MkdirTemp(filepath.Dir(dir), "reorder-")
	if err != nil {
		return err
	}
	defer os.Remove(away)
	for _, newestFirst := range []bool{false, true} {
		names := slices.Clone(want)
		if newestFirst {
			slices.Reverse(names)
		}
		for _, name := range names {
			at, there := filepath.Join(dir, name), filepath.Join(away, "entry")
			if err := errors.Join(os.Rename(at, there), os.Rename(there, at)); err != nil {
				return err
			}
		}
		got, err := listed(dir)
		if err != nil {
			return err
		}
		if slices.Equal(got, want) {
			return os.Chtimes(dir, time.Time{}, info.ModTime())
		}
	}
	return ErrOrder
}

// listed are the names in a folder as the system lists them.
func listed(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

// Retime gives each file in a folder another time of its last change, in a time of ten years,
// which follows from its path and the number alone. So another one is the newest.
func Retime(dir string, number int64) error {
	const begin, seconds = 1_000_000_000, 10 * 365 * 24 * 3600
	return eachFolder(dir, func(in string, entries []fs.DirEntry) error {
		for _, e := range entries {
			if !e.Type().IsRegular() {
				continue
			}
			path, err := filepath.Rel(dir, filepath.Join(in, e.Name()))
			if err != nil {
				return err
			}
			at := time.Unix(begin+int64(mix(number, path)%seconds), 0)
			if err := os.Chtimes(filepath.Join(in, e.Name()), at, at); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachFolder calls do for a folder and those in it, the inner ones first.
func eachFolder(dir string, do func(dir string, entries []fs.DirEntry) error) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := eachFolder(filepath.Join(dir, e.Name()), do); err != nil {
				return err
			}
		}
	}
	if err := do(dir, entries); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return nil
}

// mix makes a number of a number and a name, which looks like any other.
func mix(number int64, name string) uint64 {
	sum := sha256.Sum256(append(binary.LittleEndian.AppendUint64(nil, uint64(number)), name...))
	return binary.LittleEndian.Uint64(sum[:])
}
