package folder

import (
	"errors"
	"io"
	"os"
	"path/filepath"
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
func Glob(dir string, patterns []string) ([]File, error) { return nil, errors.New("to come") }

// Hash is to come.
func Hash(path string) (File, error) { return File{}, errors.New("to come") }

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
