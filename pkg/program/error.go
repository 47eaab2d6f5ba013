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

// CheckBudget returns what is wrong with a budget or a cost, nil for nothing.
func CheckBudget(b events.Budget, what string) *Fault {
	switch {
	case b.Ops < 0:
		return Faultf("/ops", "ops of the %s is %d: want 0 or more", what, b.Ops)
	case b.Entropy < 0:
		return Faultf("/entropy", "entropy of the %s is %d: want 0 or more", what, b.Entropy)
	}
	return nil
}
