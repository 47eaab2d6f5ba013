package folder

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// Unpack writes files into dir, which is made if it is not there and must have none of them.
// Their contents come from open. Files can be read and executed alone, so that a process
// does not change by accident what another one reads; folders can be written to.
//
// Nothing is written when a path is not one inside a folder, or two files cannot be
// together in one. A content that is not what it should be is an error, and what was
// written before stays: remove dir then.
func Unpack(dir string, files []File, open func(sha256 string) (io.ReadCloser, error)) error {
	paths := make([]string, len(files))
	for i := range files {
		paths[i] = files[i].Path
	}
	slices.SortFunc(paths, strings.Compare)
	if err := checkPaths(paths); err != nil {
		return fmt.Errorf("unpack files: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for i := range files {
		if err := unpack(root, &files[i], open); err != nil {
			return fmt.Errorf("unpack %s: %w", files[i].Path, err)
		}
	}
	return nil
}

func unpack(root *os.Root, f *File, open func(sha256 string) (io.ReadCloser, error)) (err error) {
	if folder := path.Dir(f.Path); folder != "." {
		if err := root.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	from, err := open(f.SHA256)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := root.OpenFile(f.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, hash), io.LimitReader(from, f.Size+1))
	if err != nil {
		return err
	}
	if n != f.Size {
		return fmt.Errorf("its content is not what it should be: it does not have %d bytes", f.Size)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != f.SHA256 {
		return fmt.Errorf("its content is not what it should be: SHA-256 %s, not %s", got, f.SHA256)
	}
	mode := os.FileMode(0o444)
	if f.Executable {
		mode = 0o555
	}
	return to.Chmod(mode)
}
