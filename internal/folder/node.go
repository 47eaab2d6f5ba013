package folder

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Type is what something in a folder is.
type Type string

// Types of what is changed.
const (
	TypeFile    Type = "file"
	TypeLink    Type = "link"
	TypeFolder  Type = "folder"
	TypeDeleted Type = "deleted"
)

// node is something in a folder, as it is or was.
type node struct {
	name       string
	kind       Type
	executable bool
	size       int64
	target     string                 // of a link
	at         string                 // where it can be read, "" where it cannot any more
	sum        *[sha256.Size]byte     // of its content, where that is known
	stamp      stamp                  // of a file
	unchanged  bool                   // known without a look
	list       func() ([]node, error) // what is in a folder, by name
}

// read looks at what is at a path. ok is false for what does not count.
func read(at, name string, info fs.FileInfo) (n node, ok bool, err error) {
	n = node{name: name, at: at}
	switch mode := info.Mode(); {
	case mode.IsRegular():
		n.kind, n.executable, n.size, n.stamp = TypeFile, executable(info), info.Size(), stampOf(info)
	case mode.IsDir():
		n.kind = TypeFolder
	case mode&fs.ModeSymlink != 0:
		n.kind = TypeLink
		n.target, err = os.Readlink(at)
	default:
		return n, false, nil
	}
	return n, err == nil, err
}

// onDisk returns what is in a folder. path is what the folder is called in skip.
func onDisk(at, path string, skip skipped) ([]node, error) {
	var nodes []node
	err := entries(at, path, skip, func(name string, info fs.FileInfo) error {
		n, ok, err := read(filepath.Join(at, name), name, info)
		if err != nil || !ok {
			return err
		}
		if n.kind == TypeFolder {
			n.list = func() ([]node, error) { return onDisk(n.at, join(path, name), skip) }
		}
		nodes = append(nodes, n)
		return nil
	})
	return nodes, err
}

// entries goes through a folder by name. What goes away meanwhile was not there.
func entries(at, path string, skip skipped, do func(name string, info fs.FileInfo) error) error {
	all, err := os.ReadDir(at)
	if err != nil {
		return err
	}
	for _, entry := range all {
		if skip[join(path, entry.Name())] {
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = do(entry.Name(), info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func join(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + "/" + name
}

// skipped are paths that are as if they were not there.
type skipped map[string]bool

func skipping(paths []string) skipped {
	s := make(skipped)
	for _, p := range paths {
		s[path.Clean(filepath.ToSlash(p))] = true
	}
	return s
}

// sameContent tells whether two files have the same bytes.
func sameContent(old, now *node) (bool, error) {
	switch {
	case old.size != now.size:
		return false, nil
	case old.stamp.proves(now.stamp):
		return true, nil
	case old.sum != nil:
		sum, err := hashOf(now.at)
		return err == nil && *old.sum == *sum, err
	}
	return sameBytes(old.at, now.at)
}

func hashOf(at string) (*[sha256.Size]byte, error) {
	file, err := os.Open(at)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return nil, err
	}
	sum := [sha256.Size]byte(hash.Sum(nil))
	return &sum, nil
}

func sameBytes(a, b string) (bool, error) {
	one, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer func() { _ = one.Close() }()
	other, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer func() { _ = other.Close() }()
	const piece = 64 << 10
	left, right := make([]byte, piece), make([]byte, piece)
	for {
		n, err := io.ReadFull(one, left)
		m, err2 := io.ReadFull(other, right)
		if n != m || string(left[:n]) != string(right[:m]) {
			return false, nil
		}
		for _, err := range []error{err, err2} {
			if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return false, err
			}
		}
		if err != nil {
			return err2 != nil, nil
		}
	}
}

// byName finds the nodes of two sorted lists that have the same name.
func byName(old, now []node, do func(old, now *node) error) error {
	for len(old) > 0 || len(now) > 0 {
		order := 0
		switch {
		case len(old) == 0:
			order = 1
		case len(now) == 0:
			order = -1
		default:
			order = strings.Compare(old[0].name, now[0].name)
		}
		var o, n *node
		if order <= 0 {
			o, old = &old[0], old[1:]
		}
		if order >= 0 {
			n, now = &now[0], now[1:]
		}
		if err := do(o, n); err != nil {
			return err
		}
	}
	return nil
}

func sortNodes(nodes []node) {
	slices.SortFunc(nodes, func(a, b node) int { return strings.Compare(a.name, b.name) })
}
