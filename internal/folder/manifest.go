package folder

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// Manifest is what was in a folder at a time, to compare with what is there later. It does
// not change, and may be used by several at the same time.
type Manifest struct {
	dir     string // that it is about
	skip    skipped
	folders map[string][]node // by path of the folder, each by name
}

// Scan looks at all that is in a folder, and reads its files. Paths in skip do not count.
// earlier, if it is not nil, is a manifest of the same folder, which spares it files that
// have not changed since.
func Scan(ctx context.Context, dir string, skip []string, earlier *Manifest) (*Manifest, error) {
	m := &Manifest{dir: dir, skip: skipping(skip), folders: make(map[string][]node)}
	if err := m.scan(ctx, "", earlier); err != nil {
		return nil, err
	}
	m.settle()
	return m, nil
}

func (m *Manifest) scan(ctx context.Context, path string, earlier *Manifest) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	nodes, err := onDisk(filepath.Join(m.dir, path), path, m.skip)
	if err != nil {
		return err
	}
	known := make(map[string]*node)
	if earlier != nil {
		for i := range earlier.folders[path] {
			known[earlier.folders[path][i].name] = &earlier.folders[path][i]
		}
	}
	for i := range nodes {
		n := &nodes[i]
		switch {
		case n.kind == TypeFolder:
			err = m.scan(ctx, join(path, n.name), earlier)
		case n.kind == TypeFile && known[n.name] != nil && known[n.name].stamp.proves(n.stamp):
			n.sum = known[n.name].sum
		case n.kind == TypeFile:
			n.sum, err = hashOf(n.at)
		}
		if err != nil {
			return err
		}
	}
	m.add(path, nodes)
	return nil
}

// add takes in what was in one folder.
func (m *Manifest) add(path string, nodes []node) {
	for i := range nodes {
		if nodes[i].kind == TypeFolder {
			inner := join(path, nodes[i].name)
			nodes[i].list = func() ([]node, error) { return m.folders[inner], nil }
		}
	}
	m.folders[path] = nodes
}

// settle marks the end of the look.
func (m *Manifest) settle() {
	now := time.Now()
	for _, nodes := range m.folders {
		for i := range nodes {
			nodes[i].stamp.settle(now)
		}
	}
}

// Compare returns what is otherwise in the folder than it was, sorted by path.
func (m *Manifest) Compare() ([]Change, error) {
	now, err := onDisk(m.dir, "", m.skip)
	if err != nil {
		return nil, fmt.Errorf("compare what was changed: %w", err)
	}
	var d differ
	if err := d.folders("", m.folders[""], now); err != nil {
		return nil, err
	}
	return d.result(), nil
}
