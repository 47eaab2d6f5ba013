package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// surroundings are what one thread has set up for its command.
type surroundings struct {
	had    Confinement
	mounts []string // where, in their order
	work   string   // folder of an overlay, to be removed
}

// undo takes the mounts back. Nobody but the thread sees them then, so that it is also
// over with the layers of an overlay.
func (a *surroundings) undo() {
	for i := len(a.mounts) - 1; i >= 0; i-- {
		if unix.Unmount(a.mounts[i], unix.UMOUNT_NOFOLLOW) != nil {
			_ = unix.Unmount(a.mounts[i], unix.MNT_DETACH) // else it ends with the thread
		}
	}
	if a.work != "" {
		_ = os.RemoveAll(a.work) // the owner of the folder that it is in removes it too
	}
	a.mounts, a.work = nil, ""
}

// surround sets up for this thread what a command is to have around it.
func (s *starter) surround(o *order) (*surroundings, error) {
	a := &surroundings{}
	if o.Memory > 0 {
		a.had.Memory = fmt.Sprintf("at most %s in use by all its processes, looked at every %v to %v", size(o.Memory), soonest, latest)
	}
	if !s.shares {
		a.had.Rest = "it is found, as the process that starts it has no other"
		if s.loses {
			a.had.Rest = restFound
		}
		a.vary(&o.Varied)
		return a, errors.Join(a.without(o), a.restrict(false))
	}
	a.had.Rest = "it is found, by its mount namespace"
	if err := mountsOfItsOwn(); err != nil {
		return a, fmt.Errorf("%w: %w", ErrMounts, err)
	}
	if err := a.mountAll(o); err != nil {
		return a, err
	}
	if err := a.network(o.Network); err != nil {
		return a, err
	}
	// Shared memory and queues of System V and POSIX are its own, and go with it. A kernel
	// without this namespace has none of them, or they stay as they are.
	_ = unix.Unshare(unix.CLONE_NEWIPC)
	a.vary(&o.Varied)
	return a, a.restrict(true)
}

// without says what a command does not have when no mounts of its own can be had.
func (a *surroundings) without(o *order) error {
	switch {
	case o.Overlay != nil:
		return fmt.Errorf("%w: %s", ErrOverlay, o.Why)
	case len(o.Binds) > 0:
		return fmt.Errorf("%w: %s", ErrMounts, o.Why)
	case o.Network == NetworkRequired:
		return fmt.Errorf("%w: %s", ErrNetwork, o.Why)
	case o.Network == NetworkOff:
		a.had.Network = "not confined: " + o.Why
	}
	if len(o.Hide) > 0 {
		a.had.Hidden = "not hidden: " + o.Why
	}
	return nil
}

// mountsOfItsOwn gives this thread a mount namespace, out of which no mount gets.
func mountsOfItsOwn() error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("make a mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("keep mounts inside: %w", err)
	}
	return nil
}

// tryMounts tells whether this starter can give mounts of its own to a command.
func tryMounts(m mode) Ability {
	if m == modePlain {
		return Ability{}
	}
	tried := make(chan error)
	onThread(func() {
		err := mountsOfItsOwn()
		if err == nil {
			err = unix.Mount("none", "/", "tmpfs", unix.MS_RDONLY, "size=4k")
		}
		tried <- err
	})
	if err := <-tried; err != nil {
		return Ability{Why: "no mounts are allowed: " + err.Error()}
	}
	if m == modeUser {
		return Ability{OK: true, Why: "in user and mount namespaces"}
	}
	return Ability{OK: true, Why: "in mount namespaces"}
}

// mountAll mounts what a command is to see in place of what is there.
func (a *surroundings) mountAll(o *order) error {
	binds := make([]int, len(o.Binds))
	for i, b := range o.Binds { // all before any is mounted, as one may cover another
		fd, err := openTree(b.From)
		if err != nil {
			return fmt.Errorf("%w: take %s: %w", ErrMounts, b.From, err)
		}
		defer func() { _ = unix.Close(fd) }()
		if binds[i] = fd; !b.ReadOnly {
			continue
		}
		err = unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
		if err != nil {
			return fmt.Errorf("%w: protect %s: %w", ErrMounts, b.From, err)
		}
	}
	var (
		c   *covers
		err error
	)
	if len(o.Hide) > 0 {
		if c, err = newCovers(o.Dir); err == nil {
			defer c.close()
		}
	}
	if err := a.overlay(o); err != nil {
		return fmt.Errorf("%w: %w", ErrOverlay, err)
	}
	for i, b := range o.Binds {
		if err := a.attach(binds[i], b.To); err != nil {
			return fmt.Errorf("%w: show %s at %s: %w", ErrMounts, b.From, b.To, err)
		}
	}
	if len(o.Hide) == 0 {
		return nil
	}
	if err == nil {
		err = a.hide(c, o.Hide)
	}
	if err != nil {
		a.had.Hidden = "not hidden: " + err.Error()
	}
	return nil
}

// attach mounts what was opened.
func (a *surroundings) attach(fd int, at string) error {
	err := unix.MoveMount(fd, "", unix.AT_FDCWD, at, unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_SYMLINKS)
	if err == nil {
		a.mounts = append(a.mounts, at)
	}
	return err
}

// overlay mounts the overlay over the folder.
func (a *surroundings) overlay(o *order) error {
	layers := o.Overlay
	if layers == nil {
		return nil
	}
	if err := nothingMountedIn(layers.Lower); err != nil {
		return err
	}
	// A kernel that is not told that the upper layer may be lost writes the whole file
	// system to the disk when it is unmounted. It then wants a new working folder each time.
	work, err := os.MkdirTemp(layers.Work, "")
	if err != nil {
		return err
	}
	a.work = work
	options := "userxattr,volatile"
	for _, layer := range []struct{ name, path string }{{"lowerdir", layers.Lower}, {"upperdir", layers.Upper}, {"workdir", work}} {
		fd, err := unix.Open(layer.path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("%s: %w", layer.path, err)
		}
		defer func() { _ = unix.Close(fd) }()
		// Paths have characters that mean something in options; numbers have not.
		options += "," + layer.name + "=/proc/thread-self/fd/" + strconv.Itoa(fd)
	}
	if err := unix.Mount("overlay", o.Dir, "overlay", 0, options); err != nil {
		return fmt.Errorf("mount one over %s: %w", o.Dir, err)
	}
	a.mounts = append(a.mounts, o.Dir)
	a.had.Folder = "an overlay: the folder itself stays as it is"
	return nil
}

// nothingMountedIn refuses a folder in which other file systems are mounted: they would
// be empty under an overlay.
func nothingMountedIn(dir string) error {
	text, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		return err
	}
	dir, err = filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		at := unescape(fields[4])
		if in, ok := strings.CutPrefix(at, strings.TrimSuffix(dir, "/")+"/"); ok && in != "" {
			return fmt.Errorf("another file system is mounted in it, at %s", at)
		}
	}
	return nil
}

var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace

// network gives this thread a network namespace with nothing but lo, if it is to be.
func (a *surroundings) network(n Network) error {
	if n == NetworkAsGiven {
		return nil
	}
	err := noNetwork()
	switch {
	case err == nil:
		a.had.Network = "off: a network namespace with nothing but lo"
	case n == NetworkRequired:
		return fmt.Errorf("%w: %w", ErrNetwork, err)
	default:
		a.had.Network = "not confined: " + err.Error()
	}
	return nil
}

func noNetwork() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("make a network namespace: %w", err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("bring up lo: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("bring up lo: %w", err)
	}
	return nil
}
