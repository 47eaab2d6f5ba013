package pipeline

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
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

// fault is a broken rule. Where it is depends on who asks: a place in a pipeline
// file, or the pointer as it is.
type fault struct {
	pointer string // JSON pointer into the document
	msg     string
	earlier string // pointer to what it conflicts with, "" for nothing
	source  spot   // the place in the Starlark that pointer names, if it is about that
}

// spot is a place in a text, from 1; the zero spot is none.
type spot struct{ line, column int }

func faultf(pointer, format string, args ...any) *fault {
	return &fault{pointer: pointer, msg: fmt.Sprintf(format, args...)}
}

// plain words a fault for a document that has no lines.
func (f *fault) plain() *Error {
	msg := f.pointer + ": "
	if f.source != (spot{}) {
		msg += fmt.Sprintf("line %d, column %d: ", f.source.line, f.source.column)
	}
	msg += f.msg
	if f.earlier != "" {
		msg += "; the first is " + f.earlier
	}
	return &Error{Msg: strings.TrimPrefix(msg, "/")}
}

// in prepends the pointer of what the fault is inside of.
func (f *fault) in(pointer string) *fault {
	f.pointer = pointer + f.pointer
	return f
}

func taskPointer(i int) string { return "/tasks/" + strconv.Itoa(i) }
