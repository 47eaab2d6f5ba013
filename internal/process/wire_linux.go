package process

import (
	"errors"
	"syscall"
)

// What is said between this program and its starter: a request on the control socket is
// one byte with the descriptors of a connection of its own and of the three standard files;
// everything else goes over that connection, as gob. Closing it kills the command.

// greeting is the first thing that a starter says, on the control socket.
type greeting struct {
	Mounts Ability // whether it can give a command mounts of its own
}

// order is what a starter is asked for: a Spec without its files, which go another way.
type order struct {
	Start   bool   // or else only tried
	Why     string // it cannot be given mounts of its own, for a starter that cannot
	Command []string
	Env     []string
	Dir     string
	Overlay *Overlay
	Binds   []Bind
	Network Network
	Hide    []string
	Memory  int64
	Threads int
	Scratch string
	Written int64
	Varied  Varied
}

func (s *Spec) order(start bool) *order {
	return &order{Start: start, Command: s.Command, Env: s.Env, Dir: s.Dir, Overlay: s.Overlay, Binds: s.Binds,
		Network: s.Network, Hide: s.Hide, Memory: s.Memory,
		Threads: s.Threads, Scratch: s.Scratch, Written: s.Written, Varied: s.Varied}
}

// started is the answer.
type started struct {
	Pid   int
	Had   Confinement
	Err   string // "" when it went well
	Is    int    // which of wireErrors it is, counted from 1
	Errno int    // of the system, or 0
}

var wireErrors = []error{ErrOverlay, ErrNetwork, ErrMounts, ErrUnavailable}

// fail takes an error, or nil, into the answer.
func (a *started) fail(err error) {
	if err == nil {
		return
	}
	a.Err = err.Error()
	for i, is := range wireErrors {
		if errors.Is(err, is) {
			a.Is = i + 1
		}
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		a.Errno = int(number)
	}
}

// err is what was taken in by fail.
func (a *started) err() error {
	if a.Err == "" {
		return nil
	}
	is := errors.New("")
	if a.Is > 0 && a.Is <= len(wireErrors) {
		is = wireErrors[a.Is-1]
	}
	return &farError{a.Err, []error{is, syscall.Errno(a.Errno)}}
}

// farError is an error that comes from another process, whole.
type farError struct {
	text string
	is   []error
}

func (e *farError) Error() string   { return e.text }
func (e *farError) Unwrap() []error { return e.is }

// toKill asks for the end of the command.
type toKill struct{ Why string }
