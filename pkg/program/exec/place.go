package exec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"abraxas.dev/ers/internal/folder"
	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/vary"
)

// place is what a process has for itself: a folder that it starts in, a home, and one for
// temporary files.
type place struct {
	dir, home, tmp string
	cache          string // shared by all runs of the program; "" for none
	overlay        *process.Overlay
	binds          []process.Bind
	private        string // holds what the process writes
	others         string // where all places really are, which no process is to see
}

// The folders of a place, by name.
const (
	workFolder    = "work"
	homeFolder    = "home"
	tmpFolder     = "tmp"
	cacheFolder   = "cache"   // of what interpreters make of the files, which all runs share
	privateFolder = "private" // what is mounted elsewhere, and not seen where it is
	sharedFolder  = "shared"  // in place of memoryFolder
	upperFolder   = "upper"
	underFolder   = "under" // overlayfs works in it
)

// newPlace makes a place over a folder with files, "" for one that is yet to be named. Where
// the kernel allows, each process sees it at the same paths, so that a path says nothing of
// the run, unless the paths are varied.
func (p *Program) newPlace(ctx context.Context, files string, v *variation) (*place, error) {
	private, err := p.own("place-", homeFolder, tmpFolder, sharedFolder, upperFolder, underFolder)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	in := func(name string) string { return filepath.Join(private, name) }
	at := &place{dir: in(workFolder), home: in(homeFolder), tmp: in(tmpFolder), private: private}
	fixed, why := placeFolder()
	if why != "" {
		v.missedAll("no folders can be mounted here: "+why, vary.Path, vary.Home, vary.FileOrder, vary.FileTimes)
		if files == "" {
			return at, nil
		}
		_, _, err := folder.Copy(ctx, files, at.dir, folder.CopyOptions{})
		return at, err
	}
	if files != "" {
		files = p.lower(ctx, files, nil, v)
	}
	at.others = filepath.Join(fixed, privateFolder)
	at.overlay = &process.Overlay{Lower: files, Upper: in(upperFolder), Work: in(underFolder)}
	if at.dir, err = v.folder(vary.Path, fixed, workFolder); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	home, err := v.folder(vary.Home, fixed, homeFolder)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	at.binds = []process.Bind{{From: at.home, To: home}, {From: at.tmp, To: filepath.Join(fixed, tmpFolder)}}
	at.home, at.tmp = at.binds[0].To, at.binds[1].To
	at.cache = filepath.Join(fixed, cacheFolder)
	at.binds = append(at.binds, process.Bind{From: filepath.Join(p.scratch, cacheFolder), To: at.cache})
	return at, nil
}

// placeFolder is where processes have their places, or why they cannot have them.
func placeFolder() (dir, why string) {
	if why = noFolders(); why != "" {
		return "", why
	}
	dir, err := fixedFolder()
	if err != nil {
		return "", err.Error()
	}
	return dir, ""
}

// noFolders says why a process cannot have folders of its own at fixed places, "" where it can.
func noFolders() string {
	can := process.Look()
	switch {
	case !can.Mounts.OK:
		return can.Mounts.Why
	case !can.Overlay.OK:
		return can.Overlay.Why
	}
	return ""
}

// allBinds are what is mounted: what the process has for itself, and what it must not
// change. None where no mounts can be had.
func (at *place) allBinds() []process.Bind {
	if at.binds == nil {
		return nil
	}
	binds := append(protected(at.dir), at.binds...)
	if at.usesMemory() {
		return binds
	}
	// What it puts there is bounded as all that it writes, seen by no other run, and not left behind.
	return append(binds, process.Bind{From: filepath.Join(at.private, sharedFolder), To: memoryFolder})
}

// allHidden is what the process is not to see: that of its program, where all places really
// are, and the stores that others have for one window.
func (at *place) allHidden(hide []string) []string {
	if at.binds == nil {
		return hide
	}
	hide = slices.Clone(hide)
	for _, store := range temporaryStores() {
		if !inside(at.dir, store) {
			hide = append(hide, store)
		}
	}
	return append(hide, at.others)
}

// temporaryStores are the stores in the folder for temporary files: named ers- and a number.
func temporaryStores() []string {
	list, _ := filepath.Glob(filepath.Join(os.TempDir(), "ers-[0-9]*")) // the pattern is a good one
	return slices.DeleteFunc(list, func(path string) bool {
		return strings.Trim(strings.TrimPrefix(filepath.Base(path), "ers-"), "0123456789") != ""
	})
}

// usesMemory tells whether a folder of the place is in memoryFolder, over which nothing can be
// mounted then, or whether there is none.
func (at *place) usesMemory() bool {
	if info, err := os.Stat(memoryFolder); err != nil || !info.IsDir() {
		return true
	}
	return inside(at.dir, memoryFolder) || slices.ContainsFunc(at.binds, func(b process.Bind) bool { return inside(b.To, memoryFolder) })
}

// remove removes what the process wrote.
func (at *place) remove() error { return folder.Remove(at.private) }

// fixedFolder returns a folder of this user's whose paths are the same in all runs, here
// and later. Nothing is ever written there but in privateFolder: each process has its own mounted over it.
func fixedFolder() (string, error) {
	parent := os.TempDir()
	if resolved, err := filepath.EvalSymlinks(parent); err == nil {
		parent = resolved
	}
	dir, err := ownFolderIn(parent)
	if err != nil {
		return "", err
	}
	for _, name := range []string{workFolder, homeFolder, tmpFolder, cacheFolder, privateFolder} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return "", err
		}
	}
	return dir, nil
}

// environment is all that a process has: what varied and then set give comes in the place
// of what it would have.
func (at *place) environment(varied []string, set []program.Variable, extra ...string) []string {
	env := append(Given(os.Environ()), "HOME="+at.home, "TMPDIR="+at.tmp)
	env = append(env, varied...)
	for _, v := range set {
		env = append(env, v.Name+"="+v.Value)
	}
	return once(append(env, extra...))
}

// once keeps the last of each variable.
func once(env []string) (kept []string) {
	seen := make(map[string]bool)
	for _, v := range slices.Backward(env) {
		name, _, _ := strings.Cut(v, "=")
		if !seen[name] {
			seen[name] = true
			kept = append(kept, v)
		}
	}
	slices.Reverse(kept)
	return kept
}

// Unhidden says why processes see what they should not, the stores, tokens and credentials
// of this user; "" when these can be hidden from them here.
func Unhidden() string {
	if can := process.Look().Mounts; !can.OK {
		return "stores, tokens and credentials are not hidden from workers and commands here: " + can.Why
	}
	return ""
}
