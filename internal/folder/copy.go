package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// CopyOptions are how a folder is copied.
type CopyOptions struct {
	Skip     []string                     // paths that are not copied
	Progress func(files int, bytes int64) // nil, or called after each file with what was copied
}

// Copy copies a folder to a new one: files with their bits and times, folders, links as
// they are. It returns a manifest of the copy, which reads the contents of the files from
// the original: that must stay as it is for as long as the manifest is used. left says
// what was left out, each with its reason: sockets, pipes, devices, and what this user
// cannot read.
func Copy(ctx context.Context, from, to string, o CopyOptions) (m *Manifest, left []string, err error) {
	c := &copier{ctx: ctx, CopyOptions: o, m: &Manifest{dir: to, skip: skipping(o.Skip), folders: make(map[string][]node)}}
	info, err := os.Stat(from)
	if err != nil {
		return nil, nil, err
	}
	if err := c.folder(from, to, "", info); err != nil {
		return nil, nil, fmt.Errorf("copy %s: %w", from, err)
	}
	c.m.settle()
	return c.m, c.left, nil
}

type copier struct {
	CopyOptions
	ctx   context.Context
	m     *Manifest
	left  []string
	files int
	bytes int64
}

func (c *copier) leave(path, why string) { c.left = append(c.left, path+": "+why) }

// folder copies a folder with what is in it.
func (c *copier) folder(from, to, path string, info fs.FileInfo) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	var nodes []node
	err := entries(from, path, c.m.skip, func(name string, info fs.FileInfo) error {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		n, ok, err := c.one(filepath.Join(from, name), filepath.Join(to, name), join(path, name), info)
		if ok {
			n.name = name
			nodes = append(nodes, n)
		}
		return err
	})
	if err != nil {
		return err
	}
	c.m.add(path, nodes)
	// Last, as it may be that nothing can be written into it then.
	return errors.Join(os.Chtimes(to, time.Time{}, info.ModTime()), os.Chmod(to, info.Mode().Perm()))
}

// one copies what is at a path. ok is false when it was left out.
func (c *copier) one(from, to, path string, info fs.FileInfo) (n node, ok bool, err error) {
	n, ok, err = read(from, "", info)
	switch {
	case err != nil:
		return n, false, err
	case !ok:
		c.leave(path, "it is neither a file nor a folder nor a link")
		return n, false, nil
	case n.kind == TypeLink:
		return n, true, os.Symlink(n.target, to)
	case n.kind == TypeFolder:
		if _, err := os.ReadDir(from); errors.Is(err, fs.ErrPermission) {
			c.leave(path, "it cannot be read by this user")
			return n, false, nil
		}
		return n, true, c.folder(from, to, path, info)
	}
	err = c.file(&n, from, to, info)
	if errors.Is(err, fs.ErrPermission) {
		c.leave(path, "it cannot be read by this user")
		return n, false, nil
	}
	if err == nil && c.Progress != nil {
		c.Progress(c.files, c.bytes)
	}
	return n, err == nil, err
}

// file copies a file, and takes the stamp of the copy into n.
func (c *copier) file(n *node, from, to string, info fs.FileInfo) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if !clone(out, in) {
		if _, err := io.Copy(out, in); err != nil { // in the kernel, where that can be
			return err
		}
	}
	if err := errors.Join(out.Chmod(info.Mode().Perm()), os.Chtimes(to, time.Time{}, info.ModTime())); err != nil {
		return err
	}
	copied, err := out.Stat()
	if err != nil {
		return err
	}
	if copied.Size() != info.Size() {
		return fmt.Errorf("%s has changed while it was copied", from)
	}
	n.stamp = stampOf(copied)
	c.files++
	c.bytes += n.size
	return nil
}
