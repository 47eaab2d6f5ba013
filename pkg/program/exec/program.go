package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/folder"
	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/program"
	"abraxas.dev/ers/pkg/worker"
)

// Objects are the contents that definitions and results name by their SHA-256.
type Objects interface {
	// Open returns a content. At its end it is known to be the right one: an error says
	// that it is not.
	Open(ctx context.Context, sha256 string) (io.ReadCloser, error)
	// Put keeps a content unless it is there already. open may be called several times.
	Put(ctx context.Context, sha256 string, size int64, open func() (io.ReadCloser, error)) error
}

// Config is what the programs of this process need.
type Config struct {
	Objects Objects
	Dir     string   // the folder on which commands without files work; "": there is none here
	Hide    []string // what no process is to see: stores, tokens, credentials
	Build   string   // of this program, for the record
	Log     zerolog.Logger

	Say func(text string) // what a user who waits is to know; nil for nobody who does
}

// ErrUnavailable says that no process could be started here and now: it says nothing about
// the program, and trying again may help. ErrHere says that this machine cannot run it.
var (
	ErrUnavailable = errors.New("no process could be started")
	ErrHere        = errors.New("this machine cannot run it")
)

// Program is a definition whose processes can be started. Its runs may go on in parallel.
type Program struct {
	Config
	definition *program.Definition
	tasks      map[string]*task
	workers    map[string]*site
	owned      scratch
	scratch    string // the folder of this program alone
	shuffled   shuffled
	alone      turn // of a command that must not run beside others
	copied     bool // the folder was copied for a run; who has alone may look
}

// task is a task of the definition, and what it needs to run.
type task struct {
	*program.Task
	site *site // of its command
}

// Load makes a program of a definition of kind exec: it unpacks files and finds the
// executables. Errors are about the definition ([program.ErrInvalid]), about this machine
// (ErrHere), an ErrUnavailable, or what reading the objects gave.
func Load(ctx context.Context, c Config, d *program.Definition) (*Program, error) {
	p, err := newProgram(c, d)
	if err != nil {
		return nil, err
	}
	if err := p.settle(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func newProgram(c Config, d *program.Definition) (*Program, error) {
	p := &Program{Config: c, definition: d, tasks: make(map[string]*task), workers: make(map[string]*site), alone: make(turn, 1)}
	var err error
	if p.owned, err = newScratch(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	p.scratch = p.owned.dir
	return p, nil
}

// Close removes what was unpacked. No run of the program is used after it.
func (p *Program) Close() error { return errors.Join(p.shuffled.remove(), p.owned.remove()) }

// settle prepares all that the runs share.
func (p *Program) settle(ctx context.Context) error {
	d := p.definition
	for i := range d.Workers {
		w := &d.Workers[i]
		s, err := p.newSite(ctx, &w.Process, "")
		if err != nil {
			return fmt.Errorf("worker %q: %w", w.Name, err)
		}
		p.workers[w.Name] = s
	}
	for i := range d.Tasks {
		t := &task{Task: &d.Tasks[i]}
		if t.Command != nil {
			var err error
			if t.site, err = p.newSite(ctx, &t.Command.Process, p.workingFolder(t)); err != nil {
				return fmt.Errorf("task %q: %w", t.Name, err)
			}
		}
		p.tasks[t.Name] = t
	}
	return nil
}

// site is where a process finds its program and its files.
type site struct {
	*program.Process
	files   string   // the folder with its files, as they were named
	command []string // with the real executable
	inside  string   // where in its folder the executable is, when it is one of its files
	how     string   // what stood between the name and the executable, "" for nothing

	described func() process.Description // the executable
}

// newSite unpacks the files of a process, and finds its executable. work is the folder that
// it works on when it has no files.
func (p *Program) newSite(ctx context.Context, of *program.Process, work string) (*site, error) {
	dir, err := os.MkdirTemp(p.scratch, "files-")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	files := make([]folder.File, len(of.Files))
	for i, f := range of.Files {
		files[i] = folder.File{Path: f.Path, SHA256: f.SHA256, Size: f.Size, Executable: f.Executable}
	}
	err = folder.Unpack(dir, files, func(sha256 string) (io.ReadCloser, error) {
		return p.Objects.Open(ctx, sha256)
	})
	if err != nil {
		return nil, err
	}
	s := &site{Process: of, files: dir}
	return s, s.find(ctx, work)
}

// declares makes sure that a worker has the tasks of the definition, as it has them.
func (p *Program) declares(name string, hello *worker.Hello) error {
	for i := range p.definition.Tasks { // in their order, so that all runs say the same
		t := &p.definition.Tasks[i]
		if t.Worker != name {
			continue
		}
		if err := same(t, hello.Tasks); err != nil {
			return fmt.Errorf("worker %q: %w: it is another program than the one that the definition was made with", name, err)
		}
	}
	return nil
}

// turn is had by one at a time.
type turn chan struct{}

// take waits for the turn, or until ctx ends. Its holder gives it back.
func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) give() { <-t }

// own is a folder of this program's own, with the folders that a process of a run needs.
func (p *Program) own(pattern string, parts ...string) (dir string, err error) {
	if dir, err = os.MkdirTemp(p.scratch, pattern); err != nil {
		return "", err
	}
	for _, part := range parts {
		if err := os.Mkdir(filepath.Join(dir, part), 0o700); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// contentFile opens a content, of which a file is made the first time, so that it can be
// read in pieces.
func (p *Program) contentFile(ctx context.Context, sha256 string) (*os.File, error) {
	path := filepath.Join(p.scratch, sha256)
	if f, err := os.Open(path); err == nil {
		return f, nil
	}
	r, err := p.Objects.Open(ctx, sha256)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f, err := os.CreateTemp(p.scratch, "content-")
	if err != nil {
		return nil, err
	}
	if _, err = io.Copy(f, r); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
