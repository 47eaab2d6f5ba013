package exec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"abraxas.dev/ers/internal/folder"
	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/program/command"
	"abraxas.dev/ers/pkg/rules"
	"abraxas.dev/ers/pkg/vary"
)

// desk is the place of a command, and how it is found out what it did to the files there.
type desk struct {
	*place
	how    string           // for the record
	before *folder.Manifest // what was there, where no overlay holds what changed
	skip   []string         // paths in the folder that are not looked at
	hide   []string         // what is hidden at the place where the folder is seen
}

// oneByOne tells that a command must not run beside others of the window: it works on what
// all of them share, or is looked at from outside.
func (t *task) oneByOne() bool {
	c := t.Command
	if c.InPlace || c.Setup != "" || c.Probe != "" {
		return true
	}
	_, why := placeFolder()
	return len(c.Files) == 0 && why != ""
}

// newDesk prepares the folder in which a command runs: a view of its own of the folder
// with its files, or of the one that this program was given.
func (p *Program) newDesk(ctx context.Context, t *task, v *variation) (*desk, error) {
	if len(t.Command.Files) > 0 {
		at, err := p.newPlace(ctx, t.site.files, v)
		if err != nil {
			return nil, err
		}
		return &desk{place: at, how: "its files alone"}, nil
	}
	if p.Dir == "" {
		return nil, fmt.Errorf("%w: the command works on a folder of the machine on which it was asked for: name its files in the pipeline file", ErrHere)
	}
	work, err := filepath.EvalSymlinks(p.workingFolder(t))
	if err == nil {
		work, err = filepath.Abs(work)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHere, err)
	}
	at, err := p.newPlace(ctx, "", v)
	if err != nil {
		return nil, err
	}
	d := &desk{place: at, skip: within(work, append(ourOwn(), p.Hide...))}
	switch {
	case t.Command.InPlace:
		d.how, d.dir, d.overlay = "in place", work, nil
		v.missedAll("it runs in place", vary.Path, vary.FileOrder, vary.FileTimes)
	case d.overlay != nil:
		d.how, d.overlay.Lower = "a view of its own", work
		if inside(d.dir, work) {
			v.missedAll("the folder for temporary files is in the working folder", vary.Path, vary.FileOrder, vary.FileTimes)
			d.dir = work
			break
		}
		d.overlay.Lower = p.lower(ctx, work, d.skip, v)
		d.settle(work, p.Hide, v)
	default:
		d.how, d.dir = "a copy", filepath.Join(p.scratch, "copy")
		if err = p.copy(ctx, d, work); err != nil {
			return nil, errors.Join(err, at.remove())
		}
	}
	return d, nil
}

// settle shows the folder where it is, or, where its path is varied, elsewhere: then it
// cannot be changed where it is.
func (d *desk) settle(work string, hide []string, v *variation) {
	if !v.Varied(vary.Path) {
		d.dir = work
		return
	}
	d.binds = append(d.binds, process.Bind{From: work, To: work, ReadOnly: true})
	for _, path := range within(work, hide) {
		d.hide = append(d.hide, filepath.Join(d.dir, path))
	}
}

// copy makes a copy of the folder. Of the first one it is said that it takes long, and what
// is left out. There is one at a time, see [task.oneByOne].
func (p *Program) copy(ctx context.Context, d *desk, work string) error {
	if err := folder.Remove(d.dir); err != nil {
		return err
	}
	say := p.Say
	if p.copied {
		say = nil
	}
	p.copied = true
	options := folder.CopyOptions{Skip: d.skip}
	if next := time.Now().Add(sayAfter); say != nil {
		options.Progress = func(files int, bytes int64) {
			if now := time.Now(); now.After(next) {
				next = now.Add(sayAgain)
				say(fmt.Sprintf("copying %s for a run: %d files with %d MiB so far; no overlay can be had here, so that each run gets a copy: --dir names a smaller folder", work, files, bytes>>20))
			}
		}
	}
	var left []string
	var err error
	d.before, left, err = folder.Copy(ctx, work, d.dir, options)
	if len(left) > 0 && err == nil && say != nil {
		say(fmt.Sprintf("note: %d of the folder are not in its copy, the first is %s", len(left), left[0]))
	}
	return err
}

// How long a copy may take before it is worth a word, and until the next one.
const (
	sayAfter = 2 * time.Second
	sayAgain = 10 * time.Second
)

// within are those of paths that are in a folder, as they are seen from there.
func within(dir string, paths []string) (list []string) {
	for _, path := range paths {
		if resolved, err := filepath.EvalSymlinks(path); err == nil {
			path = resolved
		}
		if in, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(in) {
			list = append(list, in)
		}
	}
	return list
}

// ourOwn are the temporary files and folders of this program and others of ERS, of which
// the working folder may be the parent: stores that are not kept, and scratch.
func ourOwn() []string {
	tmp, err := filepath.EvalSymlinks(os.TempDir())
	if err != nil {
		return nil
	}
	list, _ := filepath.Glob(filepath.Join(tmp, "ers-*")) // the pattern is a good one
	return list
}

// workingFolder is the folder on which a command works that has no files.
func (p *Program) workingFolder(t *task) string {
	return filepath.Join(p.Dir, filepath.FromSlash(t.Command.Dir))
}

// look notes what is in the folder, where nothing else does. It comes after the setup: in
// place, what the run before has left is not to be taken for how this one began.
func (d *desk) look(ctx context.Context) (err error) {
	if d.overlay == nil && d.before == nil {
		d.before, err = folder.Scan(ctx, d.dir, d.skip, nil)
	}
	return err
}

// changes are the files that the command made, changed or deleted, those that the globs
// name if there are any.
func (d *desk) changes(globs []string) (map[string]command.File, error) {
	var list []folder.Change
	var err error
	if d.before != nil {
		list, err = d.before.Compare()
	} else {
		list, err = folder.Changes(d.overlay.Lower, d.overlay.Upper, d.skip)
	}
	if err != nil {
		return nil, err
	}
	files := make(map[string]command.File)
	for i := range list {
		c := &list[i]
		if len(globs) > 0 && !slices.ContainsFunc(globs, func(g string) bool { return rules.Match(g, c.Path) }) {
			continue
		}
		files[c.Path] = command.File{Type: command.FileType(c.Type), Executable: c.Executable, Target: c.Target, Content: changed{c}}
	}
	return files, nil
}

func (d *desk) close() error { return d.remove() }

// changed is the content of a changed file.
type changed struct{ *folder.Change }

func (c changed) Size() int64 { return c.Change.Size }
