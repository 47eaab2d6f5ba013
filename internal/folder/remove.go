package folder

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Remove removes a folder with all that is in it, also where a command has taken away the
// right to. It is no error when it is not there.
func Remove(dir string) error {
	if err := os.RemoveAll(dir); err == nil {
		return nil
	}
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			_ = os.Chmod(path, 0o700) // before it is read; what fails is said below
		}
		return nil
	})
	return os.RemoveAll(dir)
}
