package exec

import (
	"errors"
	"os"
	"path/filepath"
	"sync"

	"abraxas.dev/ers/internal/folder"
)

// scratch is a folder of one program. It is held by a lock that ends with this process,
// however that comes, so that the next one knows what was left behind.
type scratch struct {
	dir  string
	held *os.File
}

const (
	scratchPattern = "program-"
	lockFile       = "lock"
)

var swept sync.Once

// newScratch makes a folder for a program, and removes those of processes that are no more.
func newScratch() (s scratch, err error) {
	base, err := privatePlaces()
	if err != nil { // somebody else has the name: a folder that nobody finds will do
		if base, err = filepath.EvalSymlinks(os.TempDir()); err != nil {
			return s, err
		}
	} else {
		swept.Do(func() { sweep(base) })
	}
	for range 3 { // another process may sweep one away before it is held
		if s, err = scratchIn(base); err == nil {
			return s, nil
		}
	}
	return s, err
}

// privatePlaces has all places as they really are. No process is to see it, neither that of its
// own run nor those of runs beside it: it is hidden as a whole, with what comes into it later.
func privatePlaces() (string, error) {
	fixed, err := fixedFolder()
	return filepath.Join(fixed, privateFolder), err
}

func scratchIn(base string) (s scratch, err error) {
	if s.dir, err = os.MkdirTemp(base, scratchPattern); err != nil {
		return s, err
	}
	if s.held, err = os.Create(filepath.Join(s.dir, lockFile)); err == nil {
		err = hold(s.held)
	}
	if err == nil {
		err = os.Mkdir(filepath.Join(s.dir, cacheFolder), 0o700)
	}
	if err != nil {
		return s, errors.Join(err, s.remove())
	}
	return s, nil
}

func (s scratch) remove() error {
	_ = s.held.Close() // the nil file says that it is one
	return folder.Remove(s.dir)
}

// sweep removes the folders that nobody holds.
func sweep(base string) {
	left, err := filepath.Glob(filepath.Join(base, scratchPattern+"*"))
	if err != nil {
		return
	}
	for _, dir := range left {
		f, err := os.Open(filepath.Join(dir, lockFile))
		if err != nil {
			continue // it is being made
		}
		if hold(f) == nil {
			_ = folder.Remove(dir)
		}
		_ = f.Close()
	}
}
