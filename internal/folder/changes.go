package folder

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// Change is one thing that is otherwise in a folder than it was.
type Change struct {
	Path       string // relative, with slashes
	Type       Type   // of what is there now
	Executable bool   // of a file
	Size       int64  // of a file
	Target     string // of a link
	at         string
}

// Open opens a file that was changed. It can be called as often as needed, as long as
// the folder is there.
func (c *Change) Open() (io.ReadCloser, error) {
	if c.Type != TypeFile {
		return nil, fmt.Errorf("%s is not a file", c.Path)
	}
	return os.Open(c.at)
}

// differ collects changes. They are: files and links that are new or not what they were, new
// folders that are empty, and what is deleted, where a whole folder is one change. What was replaced by
// something of another type is changed, not deleted.
type differ struct{ changes []Change }

// result returns the changes by path.
func (d *differ) result() []Change {
	slices.SortFunc(d.changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return d.changes
}

// folders compares what is in a folder with what was in it.
func (d *differ) folders(path string, old, now []node) error {
	return byName(old, now, func(old, now *node) error {
		if now == nil {
			d.changes = append(d.changes, Change{Path: join(path, old.name), Type: TypeDeleted})
			return nil
		}
		if now.unchanged {
			return nil
		}
		at := join(path, now.name)
		if !utf8.ValidString(now.name) {
			return fmt.Errorf("%q has a name that is not UTF-8, which no record can have", at)
		}
		if err := d.one(at, old, now); err != nil {
			return fmt.Errorf("compare %s: %w", at, err)
		}
		return nil
	})
}

// one compares what is at a path with what was there, if anything was.
func (d *differ) one(at string, old, now *node) error {
	c := Change{Path: at, Type: now.kind, Executable: now.executable, Size: now.size, Target: now.target, at: now.at}
	was := old != nil && old.kind == now.kind
	switch {
	case now.kind == TypeFolder:
		return d.folder(c, old, now, was)
	case was && old.executable == now.executable && old.target == now.target:
		if now.kind == TypeLink {
			return nil
		}
		same, err := sameContent(old, now)
		if same || err != nil {
			return err
		}
	}
	d.changes = append(d.changes, c)
	return nil
}

// folder compares a folder, which was one or was not.
func (d *differ) folder(c Change, old, now *node, was bool) error {
	is, err := now.list()
	if err != nil {
		return plain(err)
	}
	if !was {
		if len(is) == 0 {
			d.changes = append(d.changes, c)
		}
		return d.folders(c.Path, nil, is)
	}
	before, err := old.list()
	if err != nil {
		return plain(err)
	}
	return d.folders(c.Path, before, is)
}
