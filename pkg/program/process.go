package program

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/command"
	"abraxas.dev/ers/pkg/rules"
)

// A Process is what workers and commands have in common: a program to start.
type Process struct {
	Command []string   `json:"command"`         // the program and its arguments, at least one
	Files   []File     `json:"files,omitempty"` // that it finds in its folder, ascending by path
	Env     []Variable `json:"env,omitempty"`   // ascending by name
	Memory  int64      `json:"memory"`          // bytes that it may take, with what it starts; 0: no bound
	Timeout int64      `json:"timeout_ms"`      // for one answer, in milliseconds, >= 1
	Network string     `json:"network"`         // NetworkAuto, NetworkOff or NetworkOn

	Processes int64 `json:"processes,omitempty"` // processes and threads that it may have, with what it starts; 0: DefaultProcesses
	Disk      int64 `json:"disk,omitempty"`      // bytes that it may have on the disk; 0: DefaultDisk
}

// What a process may have of the network.
const (
	NetworkAuto = "auto" // none where the kernel allows to take it away
	NetworkOff  = "off"  // none, else the run is given up
	NetworkOn   = "on"   // as the machine has it
)

// DefaultTimeout is in milliseconds.
const DefaultTimeout = 60_000

// What a process may take of what all share where nothing else is said: one that goes wrong
// takes nothing from the windows beside it.
const (
	DefaultProcesses = 4096
	DefaultDisk      = 4 << 30
)

// MaxProcesses is the most processes and threads that can be asked for: as many as Linux knows.
const MaxProcesses = 4 << 20

// MostProcesses is how many processes and threads it may have.
func (p *Process) MostProcesses() int { return int(cmp.Or(p.Processes, DefaultProcesses)) }

// MostDisk is how many bytes it may have on the disk.
func (p *Process) MostDisk() int64 { return cmp.Or(p.Disk, DefaultDisk) }

// Worker is a process that serves tasks, see package worker.
type Worker struct {
	Name string `json:"name"`
	Process
}

// Command is a program that is run for one task, from its start to its end. Without Files
// it works on a folder of the machine on which it was asked for.
type Command struct {
	Process
	Pass       []string `json:"pass,omitempty"`        // names of variables that it is given as they are, ascending
	Stdin      *File    `json:"stdin,omitempty"`       // what it reads on standard input, with Path ""
	InPlace    bool     `json:"in_place,omitempty"`    // in the folder itself, and not in a view of its own
	Dir        string   `json:"dir,omitempty"`         // the folder, seen from that of the pipeline file; "" is that itself
	Setup      string   `json:"setup,omitempty"`       // for sh -c, before each run
	Probe      string   `json:"probe,omitempty"`       // for sh -c, after each run; its output is compared too
	Out        []string `json:"out,omitempty"`         // globs of the files that are looked at; none: all that were made or changed
	As         []string `json:"as,omitempty"`          // WHERE=KIND: what contents are taken for, see package content
	ExpectExit int64    `json:"expect_exit,omitempty"` // the exit status that says that all is well
}

// File is a file that a process finds in its folder.
type File struct {
	Path       string `json:"path"` // relative, with slashes
	SHA256     string `json:"sha256"`
	Size       int64  `json:"size"`
	Executable bool   `json:"executable"`
}

// Variable is one of the environment.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// MaxFiles is the most bytes that the files of a process have together.
const MaxFiles = 64 << 20

func (w *Worker) check(c checker) {
	if err := events.CheckPipelineName(w.Name); err != nil {
		c.fault("", "%s", strings.Replace(err.Error(), "pipeline name", "worker name", 1))
	}
	w.Process.check(c)
}

func (c *Command) check(to checker) {
	if len(c.Files) > 0 && c.Dir != "" {
		to.fault("/dir", "dir and files exclude each other: with files the program runs in a folder that has these alone")
	} else if c.Dir != "" && !localPath(c.Dir) {
		to.fault("/dir", "dir is %q: want a folder below that of the pipeline file, with slashes", c.Dir)
	}
	if len(c.Files) > 0 && c.InPlace {
		to.fault("/in_place", "in_place and files exclude each other: with files the program runs in a folder of its own")
	}
	if c.ExpectExit < 0 || c.ExpectExit > 255 {
		to.fault("/expect_exit", "expect_exit is %d: want 0 to 255", c.ExpectExit)
	}
	if c.Stdin != nil && (!events.IsHash(c.Stdin.SHA256) || c.Stdin.Size < 0 || c.Stdin.Path != "" || c.Stdin.Executable) {
		to.fault("/stdin", "stdin must name content by SHA-256 and size alone")
	}
	for i, name := range c.Pass {
		checkVariable(name, i > 0 && c.Pass[i-1] >= name, to.in("/pass"))
	}
	for _, glob := range c.Out {
		if _, err := rules.ContentName(rules.FileName(glob)); err != nil {
			to.fault("/out", "out %.120q: %v", glob, err)
		}
	}
	if _, err := command.ParseAs(c.As); err != nil {
		to.fault("/as", "%v", err)
	}
	c.Process.check(to)
}

func (p *Process) check(c checker) {
	if len(p.Command) == 0 || p.Command[0] == "" {
		c.fault("/command", "the command is empty: want a program and its arguments, as in [python3, tasks.py]")
	}
	hasNUL := func(arg string) bool { return strings.ContainsRune(arg, 0) }
	if slices.ContainsFunc(p.Command, hasNUL) {
		c.fault("/command", "the command has a NUL in it, which no program can be given")
	}
	if p.Memory < 0 {
		c.fault("/memory", "memory is %d bytes: want 0 or more", p.Memory)
	}
	if p.Processes < 0 || p.Processes > MaxProcesses {
		c.fault("/processes", "processes is %d: want 0 to %d", p.Processes, int64(MaxProcesses))
	}
	if p.Disk < 0 {
		c.fault("/disk", "disk is %d bytes: want 0 or more", p.Disk)
	}
	if p.Timeout < 1 {
		c.fault("/timeout", "timeout is %d ms: want at least 1", p.Timeout)
	}
	if p.Network != NetworkAuto && p.Network != NetworkOff && p.Network != NetworkOn {
		c.fault("/network", "network is %q: want %s, %s or %s", p.Network, NetworkAuto, NetworkOff, NetworkOn)
	}
	for i, v := range p.Env {
		checkVariable(v.Name, i > 0 && p.Env[i-1].Name >= v.Name, c.in("/env"))
		if hasNUL(v.Value) {
			c.fault("/env/"+v.Name, "the value has a NUL in it, which no program can be given")
		}
	}
	p.checkFiles(c)
}

func checkVariable(name string, disorder bool, c checker) {
	switch {
	case name == "" || strings.ContainsAny(name, "=\x00"):
		c.fault("", "%q is not a name of a variable: want one without = in it", name)
	case disorder:
		c.fault("", "variable %q stands twice, or not in its order", name)
	}
}

// checkFiles finds the first fault of the files: they are many, and come of few patterns.
func (p *Process) checkFiles(c checker) {
	folded := make(map[string]string)
	sum := int64(0)
	for i, f := range p.Files {
		fold := strings.ToLower(f.Path)
		switch {
		case !localPath(f.Path):
			c.fault("/files", "the path %q is not one inside the folder", f.Path)
		case i > 0 && p.Files[i-1].Path >= f.Path:
			c.fault("/files", "the file %q stands twice, or not in its order", f.Path)
		case folded[fold] != "":
			c.fault("/files", "the files %q and %q are one and the same on some systems: give one another name", folded[fold], f.Path)
		case !events.IsHash(f.SHA256) || f.Size < 0:
			c.fault("/files", "the file %q has no good SHA-256 or size", f.Path)
		case f.Size > MaxFiles-sum:
			c.fault("/files", "the files take more than %d MiB together: name fewer, or put data where the program finds it by itself", MaxFiles>>20)
		default:
			folded[fold] = f.Path
			sum += f.Size
			continue
		}
		return
	}
}

// localPath tells whether a path is relative, clean, with slashes, and stays inside.
func localPath(p string) bool {
	return p != "" && p != "." && !path.IsAbs(p) && path.Clean(p) == p && p != ".." && !strings.HasPrefix(p, "../") && !strings.ContainsAny(p, "\\\x00")
}

// ProcessOf is what runs a task: its command, or its worker; nil for a task within ERS, or
// that is not there.
func (d *Definition) ProcessOf(task string) *Process {
	for i := range d.Tasks {
		t := &d.Tasks[i]
		if t.Name != task {
			continue
		}
		if t.Command != nil {
			return &t.Command.Process
		}
		for k := range d.Workers {
			if d.Workers[k].Name == t.Worker {
				return &d.Workers[k].Process
			}
		}
	}
	return nil
}
