// Package userfile reads and writes files that a user names. It reads regular ones, of a
// size that is known before the first byte is read: a pipe would be waited for, deaf to all
// signals, and a device may have no end. It writes files whole or not at all.
package userfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ErrIrregular is that a path leads to something else than a regular file.
var ErrIrregular = errors.New("not a regular file")

// ErrLarge is that a file is larger than was allowed.
var ErrLarge = errors.New("the file is too large")

// Read returns what is in a file of at most limit bytes. Links are followed. What goes
// wrong is an [*fs.PathError], an ErrIrregular or an ErrLarge.
func Read(path string, limit int64) ([]byte, error) {
	// Looked at before it is opened, since opening alone can wait or set a device off, and
	// once more after it, since it may be another one then.
	info, err := os.Stat(path)
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		e.Op = "open" // which is what was asked for
	}
	if err == nil {
		err = check(path, info, limit)
	}
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err == nil {
		err = check(path, info, limit)
	}
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1)) // it may grow meanwhile
	if err == nil && int64(len(data)) > limit {
		err = tooLarge(limit)
	}
	return data, err
}

func check(path string, info fs.FileInfo, limit int64) error {
	switch {
	case info.IsDir():
		return &fs.PathError{Op: "read", Path: path, Err: syscall.EISDIR}
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w but %s", ErrIrregular, kind(info.Mode()))
	case info.Size() > limit:
		return tooLarge(limit)
	}
	return nil
}

func tooLarge(limit int64) error { return fmt.Errorf("%w: at most %d bytes", ErrLarge, limit) }

func kind(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "something else"
}

// Write makes a file whole or not at all.
//
// Commit point: the rename. A crash before it leaves at most a .ers-*.partial beside
// the place.
func Write(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".ers-*.partial")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644) // others read it: temporary files are for their owner alone
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
