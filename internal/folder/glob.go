package folder

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// File is a regular file of a folder.
type File struct {
	Path       string // relative, with slashes
	Size       int64
	Executable bool
	SHA256     string // of its content, in lower-case hex
}

// MaxTotal is how many bytes the files of Glob may have together.
const MaxTotal = 64 << 20

// Glob returns the regular files in dir that the patterns name, sorted by path. A pattern
// is a path with slashes in which * and ? stand for anything in a name, [a-z] for one
// of these characters, {a,b} for either, and ** for any number of folders. A pattern that has none
// of these names one file, which must be there. Names that begin with a dot must be
// written so. Links count as the files that they lead to; patterns pass over those that lead out
// of the folder, to nothing, or to folders.
//
// The error says which pattern is wrong, and why.
func Glob(dir string, patterns []string) ([]File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	sizes := make(map[string]int64)
	for _, pattern := range patterns {
		if err := match(root, pattern, sizes); err != nil {
			return nil, fmt.Errorf("files: %q in %s: %w", pattern, dir, err)
		}
	}
	files, err := limited(sizes)
	if err != nil {
		return nil, fmt.Errorf("files in %s: %w", dir, err)
	}
	for i := range files {
		if err := files[i].read(root); err != nil {
			return nil, fmt.Errorf("files in %s: %w", dir, err)
		}
	}
	return files, nil
}

// match adds the files that a pattern names.
func match(root *os.Root, pattern string, sizes map[string]int64) error {
	if err := checkPath(pattern); err != nil {
		return err
	}
	if !strings.ContainsAny(pattern, `*?[{\`) {
		info, err := root.Stat(pattern)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return errors.New("there is no such file")
		case err != nil:
			return plain(err)
		case info.IsDir():
			return fmt.Errorf("it is a folder: %s/** names all files in it", pattern)
		case !info.Mode().IsRegular():
			return errors.New("it is not a regular file")
		}
		sizes[pattern] = info.Size()
		return nil
	}
	if !doublestar.ValidatePattern(pattern) {
		return errors.New("it is not a pattern: a [ or { has no end, or a \\ is the last character")
	}
	any, passed := false, 0
	err := doublestar.GlobWalk(root.FS(), pattern, func(name string, entry fs.DirEntry) error {
		if entry.IsDir() {
			return nil
		}
		info, err := root.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			passed++
			return nil
		}
		if !utf8.ValidString(name) {
			return fmt.Errorf("the name %q is not UTF-8", name)
		}
		any = true
		sizes[name] = info.Size()
		return nil
	}, doublestar.WithNoHidden(), doublestar.WithNoFollow(), doublestar.WithFailOnIOErrors())
	switch {
	case err != nil:
		return err
	case !any && passed > 0:
		return fmt.Errorf("it names no regular file inside the folder, but %d others", passed)
	case !any:
		return errors.New("it names no file (names that begin with a dot must be written so)")
	}
	return nil
}

// limited returns the files by path, if they are not too large together.
func limited(sizes map[string]int64) ([]File, error) {
	var files []File
	total, largest := int64(0), ""
	for name, size := range sizes {
		files = append(files, File{Path: name, Size: size})
		total += size
		if largest == "" || size > sizes[largest] || size == sizes[largest] && name < largest {
			largest = name
		}
	}
	if total > MaxTotal {
		return nil, fmt.Errorf("the %d files have %d bytes together, more than %d MiB; the largest is %s with %d bytes",
			len(files), total, MaxTotal>>20, largest, sizes[largest])
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	paths := make([]string, len(files))
	for i := range files {
		paths[i] = files[i].Path
	}
	return files, checkPaths(paths)
}

// read finds out what the path does not say.
func (f *File) read(root *os.Root) error {
	file, err := root.Open(f.Path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	hash := sha256.New()
	n, err := io.Copy(hash, io.LimitReader(file, MaxTotal+1))
	if err != nil {
		return err
	}
	if n != f.Size {
		return fmt.Errorf("%s has changed while it was read: had %d bytes, now %d", f.Path, f.Size, n)
	}
	f.Executable, f.SHA256 = executable(info), hex.EncodeToString(hash.Sum(nil))
	return nil
}

// executable is the bit of the owner.
func executable(info fs.FileInfo) bool { return info.Mode()&0o100 != 0 }

// plain is an error without the path, which is said already.
func plain(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// checkPath refuses what is no path inside a folder.
func checkPath(name string) error {
	switch {
	case name == "":
		return errors.New("it is empty")
	case path.IsAbs(name):
		return errors.New("it is an absolute path, and must be one inside the folder")
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return errors.New("it is not UTF-8, or has a zero byte in it")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return fmt.Errorf("a part of it is %q: write it without", part)
		}
	}
	return nil
}

// checkPaths refuses files, sorted by path, that cannot all be in one folder everywhere.
func checkPaths(paths []string) error {
	spelled := make(map[string]string) // by what some file systems make of it
	files := make(map[string]bool)
	for i, name := range paths {
		if err := checkPath(name); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		if i > 0 && paths[i-1] == name {
			return fmt.Errorf("%s is there twice", name)
		}
		files[name] = true
		for at := name; at != "."; at = path.Dir(at) {
			folded := strings.ToLower(strings.ToUpper(at))
			if other, ok := spelled[folded]; ok && other != at {
				return fmt.Errorf("%s and %s differ in upper and lower case alone, which many systems do not tell apart", other, at)
			}
			spelled[folded] = at
			if at != name && files[at] {
				return fmt.Errorf("%s is a file, and the folder of %s", at, name)
			}
		}
	}
	return nil
}
