package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// covers are what is mounted over the paths that are to be hidden.
type covers struct{ folder, file cover }

// cover is an empty folder or an empty file.
type cover struct {
	fd int    // a mount of it, until it is mounted
	at string // where it is mounted, from where it can be mounted again
}

// newCovers makes them. It needs a place for a moment, for which the command's own folder
// serves, as it is there for certain.
func newCovers(dir string) (*covers, error) {
	if err := unix.Mount("none", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=16k,mode=755"); err != nil {
		return nil, err
	}
	c := &covers{}
	folder, file := filepath.Join(dir, "folder"), filepath.Join(dir, "file")
	err := errors.Join(os.Mkdir(folder, 0o555), os.WriteFile(file, nil, 0o444),
		unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, ""))
	if err == nil {
		c.folder.fd, err = openTree(folder)
	}
	if err == nil {
		c.file.fd, err = openTree(file)
	}
	if err = errors.Join(err, unix.Unmount(dir, unix.MNT_DETACH)); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// openTree opens a path as a mount of its own, for attach.
func openTree(path string) (fd int, err error) {
	return unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
}

func (c *covers) close() {
	for _, one := range []*cover{&c.folder, &c.file} {
		if one.fd > 0 {
			_ = unix.Close(one.fd)
		}
	}
}

// hide mounts something empty over each of the paths that is there. covers is nil when
// there was nothing to hide, or no way to.
func (a *surroundings) hide(c *covers, paths []string) error {
	hidden := 0
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			continue // what is not there, or not for this user, is out of sight
		}
		with := &c.file
		if info.IsDir() {
			with = &c.folder
		}
		if err := a.cover(with, path); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		hidden++
	}
	a.had.Hidden = fmt.Sprintf("%d of %d paths are there, and covered by mounts", hidden, len(paths))
	return nil
}

func (a *surroundings) cover(with *cover, path string) error {
	if with.at == "" {
		with.at = path
		return a.attach(with.fd, path)
	}
	err := unix.Mount(with.at, path, "", unix.MS_BIND, "")
	if err == nil {
		a.mounts = append(a.mounts, path)
	}
	return err
}
