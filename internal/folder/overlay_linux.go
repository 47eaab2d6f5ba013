package folder

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Changes returns what an overlay, mounted with userxattr, has in its upper layer that is
// otherwise than in the lower one, sorted by path. Paths in skip do not count. The overlay
// must not be mounted any more.
func Changes(lower, upper string, skip []string) ([]Change, error) {
	s := skipping(skip)
	old, err := onDisk(lower, "", s)
	if err != nil {
		return nil, fmt.Errorf("compare with what was: %w", err)
	}
	now, err := overlaid(lower, upper, "", s)
	if err != nil {
		return nil, fmt.Errorf("compare what was changed: %w", err)
	}
	var d differ
	if err := d.folders("", old, now); err != nil {
		return nil, err
	}
	return d.result(), nil
}

// overlaid returns what is in a folder of an overlay: what the upper layer has, and of the
// lower one, if there is a folder, what the upper one says nothing of.
func overlaid(lower, upper, path string, skip skipped) ([]node, error) {
	if opaque(upper) {
		lower = ""
	}
	var below []node
	if lower != "" {
		var err error
		if below, err = onDisk(lower, path, skip); err != nil {
			return nil, err
		}
	}
	folders := make(map[string]string) // of the lower layer
	for i := range below {
		below[i].unchanged = true
		if below[i].kind == TypeFolder {
			folders[below[i].name] = below[i].at
		}
	}
	covered := make(map[string]bool)
	var nodes []node
	err := entries(upper, path, skip, func(name string, info fs.FileInfo) error {
		covered[name] = true
		at := filepath.Join(upper, name)
		if whiteout(at, info) {
			return nil
		}
		n, ok, err := read(at, name, info)
		if err != nil || !ok {
			return err
		}
		if n.kind == TypeFolder {
			n.list = func() ([]node, error) { return overlaid(folders[name], at, join(path, name), skip) }
		}
		nodes = append(nodes, n)
		return nil
	})
	for _, n := range below {
		if !covered[n.name] {
			nodes = append(nodes, n)
		}
	}
	sortNodes(nodes)
	return nodes, err
}

// opaque tells whether nothing of the lower layer is seen in a folder of the upper one.
func opaque(at string) bool {
	value := make([]byte, 8)
	n, err := unix.Lgetxattr(at, "user.overlay.opaque", value)
	return err == nil && string(value[:n]) == "y"
}

// whiteout tells whether something in the upper layer says that there is nothing.
func whiteout(at string, info fs.FileInfo) bool {
	switch {
	case info.Mode()&fs.ModeCharDevice != 0:
		stat, ok := info.Sys().(*syscall.Stat_t)
		return ok && stat.Rdev == 0
	case info.Mode().IsRegular() && info.Size() == 0:
		_, err := unix.Lgetxattr(at, "user.overlay.whiteout", nil)
		return err == nil
	}
	return false
}
