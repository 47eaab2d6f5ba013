package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Spec is what is started, and what it has around it.
type Spec struct {
	Command []string // the first is the path of an executable: see Resolve
	Env     []string // all of its environment
	Dir     string   // absolute, where it starts

	Stdin, Stdout, Stderr *os.File // nil: /dev/null. They stay the caller's, who may close them after Start.

	Overlay *Overlay // nil: Dir as it is
	Binds   []Bind
	Network Network

	// Hide are absolute paths that are to be out of its sight: an empty folder or file is
	// mounted over each that is there. Where the kernel does not allow that it is started
	// all the same, and Confinement.Hidden says so.
	Hide []string

	// Memory is how many bytes the command and everything that it starts may have in use
	// together; 0 is not a bound. Files that they have mapped are not counted.
	Memory int64

	// Threads is how many processes and threads there may be of it together, and Written how
	// many bytes it may have in the folder Scratch, which holds all that it can write; half
	// of what was free there at the start, if that is less. 0 is not a bound. Where this
	// system has no way to it there is none.
	Threads int
	Scratch string
	Written int64

	// Varied is set for the command where the system allows it. It is started all the same
	// where it does not, and Confinement.NotVaried says so.
	Varied Varied
}

// Varied is what a command has otherwise than this program has it. The zero value is as
// this program has it.
type Varied struct {
	Host      string // name of the host, in a UTS namespace
	CPUs      int    // on how many processors it may run, the first ones; 0: on all
	FixedASLR bool   // addresses are not random
	Nice      int    // more than this program's
	Umask     *int
	PID       bool // a PID namespace, in which it has number 1: there signals that it does not handle end it only from outside
}

// Overlay lets a command change its folder without changing it: Lower is seen at Spec.Dir
// with Upper laid over it, which then holds exactly what was made or changed. Upper and
// Work are two folders of one file system. The same Upper serves several commands one
// after the other, each of which sees what those before it have made.
type Overlay struct{ Lower, Upper, Work string }

// Bind lets the command see one folder at the place of another. Both must be there.
// ReadOnly: nothing can be changed there.
type Bind struct {
	From, To string
	ReadOnly bool
}

// Network is what a command may have of the network.
type Network int

// A command that has it off sees a loopback interface of its own, and nothing else.
const (
	NetworkAsGiven  Network = iota // as this program has it
	NetworkOff                     // off where the kernel allows that
	NetworkRequired                // off, or the command is not started
)

// Confinement is what a command really had of what was asked for, each in words; ""
// where nothing was asked for.
type Confinement struct {
	Folder    string `json:"folder,omitempty"`
	Network   string `json:"network,omitempty"`
	Hidden    string `json:"hidden,omitempty"`
	Memory    string `json:"memory,omitempty"`
	Rights    string `json:"rights,omitempty"`
	Calls     string `json:"calls,omitempty"`     // which system calls are refused to it
	Processes string `json:"processes,omitempty"` // whom it can signal and look into
	Rest      string `json:"rest,omitempty"`      // how what it leaves behind is found

	NotVaried map[string]string `json:"not_varied,omitempty"` // why, by the name of the field of Varied
}

// What Confinement.Calls and Processes begin with where the system does not restrict them.
const (
	notFiltered  = "not filtered: "
	allProcesses = "it can signal all of this user: "
)

// notVaried notes why a field of Varied is not as it was asked for.
func (c *Confinement) notVaried(name, why string) {
	if c.NotVaried == nil {
		c.NotVaried = make(map[string]string)
	}
	c.NotVaried[name] = why
}

// Exit is how a command ended. Code and Signal are its own doing, if Outside is "".
type Exit struct {
	Code    int    // -1 when a signal ended it
	Signal  string // that ended it, as "SIGSEGV"
	Outside string // why it was ended by somebody else: this says nothing about the command
	Left    int    // processes that it had left behind, and that were ended with it
}

// Ability is whether something can be done here, and how, or why not.
type Ability struct {
	OK  bool   `json:"ok"`
	Why string `json:"why"`
}

// Abilities are what this kernel allows this user.
type Abilities struct {
	Mounts  Ability `json:"mounts"`  // Binds and Hide
	Overlay Ability `json:"overlay"` // in the folder for temporary files; others may differ: see Try
	Network Ability `json:"network"`
}

// Why a command was not started that cannot be confined as it must be. The error says
// more.
var (
	ErrOverlay = errors.New("no overlay can be had")
	ErrNetwork = errors.New("the network cannot be taken away")
	ErrMounts  = errors.New("no mounts of its own can be had")
)

// ErrUnavailable says that nothing can be started at all: it says nothing about the command.
var ErrUnavailable = errors.New("no process can be started")

// check refuses what cannot be meant.
func (s *Spec) check() error {
	switch {
	case len(s.Command) == 0 || s.Command[0] == "":
		return errors.New("there is no command to start")
	case !filepath.IsAbs(s.Command[0]):
		return fmt.Errorf("%q is not an absolute path of an executable", s.Command[0])
	case !filepath.IsAbs(s.Dir):
		return fmt.Errorf("%q is not an absolute path of a folder to start in", s.Dir)
	case s.Network < NetworkAsGiven || s.Network > NetworkRequired:
		return fmt.Errorf("there is no network %d", s.Network)
	case s.Memory < 0:
		return fmt.Errorf("%d bytes are no bound on memory", s.Memory)
	case s.Threads < 0 || s.Written < 0 || s.Written > 0 && !filepath.IsAbs(s.Scratch):
		return fmt.Errorf("%d threads, or %d bytes in %q, are no bounds", s.Threads, s.Written, s.Scratch)
	case s.Varied.CPUs < 0 || s.Varied.Nice < 0 || len(s.Varied.Host) > 64 || s.Varied.Umask != nil && *s.Varied.Umask&^0o777 != 0:
		return fmt.Errorf("nothing can be varied to %+v", s.Varied)
	}
	for _, path := range s.Hide {
		if in, err := filepath.Rel(path, s.Dir); err == nil && filepath.IsLocal(in) {
			return fmt.Errorf("%s is to be hidden, and the command starts in it, in %s", path, s.Dir)
		}
	}
	paths := append([]string(nil), s.Hide...)
	for _, b := range s.Binds {
		paths = append(paths, b.From, b.To)
	}
	if o := s.Overlay; o != nil {
		paths = append(paths, o.Lower, o.Upper, o.Work)
	}
	for _, path := range paths {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("%q is not an absolute path", path)
		}
	}
	return nil
}
