package program

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"abraxas.dev/ers/pkg/events"
)

// ErrInvalid is what every error about a user's input is: a pipeline file, a file
// that it names, an override, a definition or contexts from the bus.
var ErrInvalid = errors.New("invalid pipeline")

// Error is a mistake and its place. It reads FILE:LINE:COLUMN: what is wrong.
type Error struct {
	File   string // "" when no file is involved
	Line   int    // from 1; 0 when there is no position
	Column int    // in characters, from 1
	Msg    string // what is wrong and what to do
}

func (e *Error) Error() string {
	switch {
	case e.File == "":
		return e.Msg
	case e.Line == 0:
		return e.File + ": " + e.Msg
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

// Is makes every Error an [ErrInvalid].
func (e *Error) Is(target error) bool { return target == ErrInvalid }

// Fault is a rule that a document breaks. Where that is depends on who asks: a place
// in a pipeline file, or the pointer as it is.
type Fault struct {
	Pointer string // JSON pointer into the document
	Msg     string
	Earlier string // pointer to what it conflicts with, "" for nothing
	Depends string // pointer to what else must be right for this to be a fault, "" for nothing

	// The place in the code that Pointer names, from 1; 0 when it is not about that.
	Line, Column int
}

// Faultf makes a fault of what pointer names.
func Faultf(pointer, format string, args ...any) *Fault {
	return &Fault{Pointer: pointer, Msg: fmt.Sprintf(format, args...)}
}

// In prepends the pointer of what the fault is inside of.
func (f *Fault) In(pointer string) *Fault {
	f.Pointer = pointer + f.Pointer
	return f
}

// Plain words a fault for a document that has no lines.
func (f *Fault) Plain() *Error {
	msg := f.Pointer + ": "
	if f.Line > 0 {
		msg += fmt.Sprintf("line %d, column %d: ", f.Line, f.Column)
	}
	msg += f.Msg
	if f.Earlier != "" {
		msg += "; the first is " + f.Earlier
	}
	return &Error{Msg: strings.TrimPrefix(msg, "/")}
}

// TaskPointer is the pointer of the i-th task of a definition.
func TaskPointer(i int) string { return "/tasks/" + strconv.Itoa(i) }

// CheckBudget returns what is wrong with a budget or a cost, at a pointer.
func CheckBudget(b events.Budget, pointer, what string) (list []*Fault) {
	if b.Ops < 0 {
		list = append(list, Faultf(pointer+"/ops", "ops of the %s is %d: want 0 or more", what, b.Ops))
	}
	if b.Entropy < 0 {
		list = append(list, Faultf(pointer+"/entropy", "entropy of the %s is %d: want 0 or more", what, b.Entropy))
	}
	return list
}

// checker gathers the faults of what stands at a pointer.
type checker struct {
	pointer string
	found   *[]*Fault
}

// in is the checker for what stands below.
func (c checker) in(pointer string) checker { return checker{c.pointer + pointer, c.found} }

func (c checker) fault(pointer, format string, args ...any) *Fault {
	f := Faultf(c.pointer+pointer, format, args...)
	*c.found = append(*c.found, f)
	return f
}
