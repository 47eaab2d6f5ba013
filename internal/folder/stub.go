package folder

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// File is a file of a folder.
type File struct {
	Path       string
	SHA256     string
	Size       int64
	Executable bool
	Source     string
}

// Glob is to come.
func Glob(dir string, patterns []string) (list []File, err error) {
	for _, p := range patterns {
		all, _ := filepath.Glob(filepath.Join(dir, p))
		for _, path := range all {
			f, err := Hash(path)
			if err != nil {
				return nil, err
			}
			f.Path, _ = filepath.Rel(dir, path)
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return list, nil
}

// Hash is to come.
func Hash(path string) (File, error) {
	data, err := os.ReadFile(path)
	sum := sha256.Sum256(data)
	return File{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(data)), Source: path}, err
}

// Unpack is to come.
func Unpack(dir string, files []File, open func(sha256 string) (io.ReadCloser, error)) error {
	for _, f := range files {
		r, err := open(f.SHA256)
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// Copy is to come.
func Copy(from, to string, skip []string) error { return errors.New("to come") }

// Change is to come.
type Change struct {
	Path       string
	Type       string
	Executable bool
	Target     string
	Bytes      int64
	Source     string
}

func (c Change) Open() (io.ReadCloser, error) { return os.Open(c.Source) }
func (c Change) Size() int64                  { return c.Bytes }

// Manifest is to come.
type Manifest struct{}

func Snapshot(dir string, skip []string) (*Manifest, error) { return &Manifest{}, nil }

func (m *Manifest) Compare(dir string, skip []string) ([]Change, error) { return nil, nil }

func Changes(lower, upper string) (list []Change, err error) {
	return list, filepath.WalkDir(upper, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(upper, path)
		info, _ := d.Info()
		list = append(list, Change{Path: rel, Type: "file", Bytes: info.Size(), Source: path})
		return nil
	})
}
