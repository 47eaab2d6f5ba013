package program

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"abraxas.dev/ers/pkg/canon"
)

// Contexts are the contexts of a run's ticks, each an object: one for every tick,
// or the i-th for the i-th tick. They are immutable and may be used from any
// goroutine. Make them with [NewContexts], [ParseContexts] or [DecodeContexts]; there is
// always one.
type Contexts struct {
	lines string // a canonical object a line
	ends  []int  // where in lines each ends, before its \n
}

// Len is the number of contexts, at least 1.
func (c *Contexts) Len() int { return len(c.ends) }

// At returns the context of the i-th tick of a run, from 0. It panics when there is
// none; see [Contexts.Covers].
func (c *Contexts) At(i int64) canon.Value {
	if len(c.ends) == 1 {
		i = 0
	}
	start := 0
	if i > 0 {
		start = c.ends[i-1] + 1
	}
	return canon.Value(c.lines[start:c.ends[i]])
}

// Covers tells whether there is a context for each tick of a run of so many.
func (c *Contexts) Covers(ticks int64) error {
	if n := int64(len(c.ends)); n > 1 && ticks > n {
		return &Error{Msg: fmt.Sprintf("%d ticks, but only %d contexts: lower ticks, or give one context for all of them", ticks, n)}
	}
	return nil
}

// Encode returns the contexts as canonical JSON Lines, each line ended with \n.
func (c *Contexts) Encode() []byte { return []byte(c.lines) }

// SHA256 is the name of the contexts on the bus, in hex: the hash of Encode.
func (c *Contexts) SHA256() string { return canon.Sum([]byte(c.lines)).String() }

// DecodeContexts is the reverse of Encode and accepts nothing else. Every error is
// an [ErrInvalid].
func DecodeContexts(data []byte) (*Contexts, error) {
	c, err := ParseContexts(data)
	if err != nil {
		return nil, &Error{Msg: "contexts: " + err.Error()}
	}
	if c.lines != string(data) {
		return nil, &Error{Msg: "contexts: not in canonical form: encode them with ers"}
	}
	return c, nil
}

// NewContexts makes contexts of canonical values, of which there must be one or more.
func NewContexts(values ...canon.Value) (*Contexts, error) {
	if len(values) == 0 {
		return nil, errors.New("there are no contexts: want at least one object")
	}
	var b contextsBuilder
	for i, v := range values {
		if v.Kind() != canon.Object {
			return nil, fmt.Errorf("context %d is of type %s: want an object", i+1, v.Kind())
		}
		b.add(v)
	}
	return b.contexts(), nil
}

type contextsBuilder struct {
	lines strings.Builder
	ends  []int
}

// add appends a context, an object.
func (c *contextsBuilder) add(v canon.Value) {
	c.lines.WriteString(string(v))
	c.ends = append(c.ends, c.lines.Len())
	c.lines.WriteByte('\n')
}

func (c *contextsBuilder) contexts() *Contexts { return &Contexts{c.lines.String(), c.ends} }

// ParseContexts reads JSON Lines in any spelling.
func ParseContexts(data []byte) (*Contexts, *canon.SyntaxError) {
	var b contextsBuilder
	line := 0
	for text := range bytes.Lines(data) {
		line++
		text = bytes.TrimSuffix(text, []byte("\n"))
		v, err := canon.Parse(text)
		if e, ok := errors.AsType[*canon.SyntaxError](err); ok {
			e.Line = line
			if len(bytes.TrimSpace(text)) == 0 {
				e.Column, e.Msg = 1, "the line is empty: want one JSON object a line"
			}
			return nil, e
		}
		if v.Kind() != canon.Object {
			return nil, &canon.SyntaxError{Line: line, Column: 1, Msg: fmt.Sprintf("the context is of type %s: want an object", v.Kind())}
		}
		b.add(v)
	}
	if line == 0 {
		return nil, &canon.SyntaxError{Line: 1, Column: 1, Msg: "there are no contexts: want one JSON object a line"}
	}
	return b.contexts(), nil
}
