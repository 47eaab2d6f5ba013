package rules

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/content"
)

// Content are the rules of one content. Nil is none.
type Content struct {
	lines, json []*compiled
}

// HasLines tells whether there are rules of lines.
func (c *Content) HasLines() bool { return c != nil && len(c.lines) > 0 }

// HasJSON tells whether there are rules of JSON.
func (c *Content) HasJSON() bool { return c != nil && len(c.json) > 0 }

// JSON applies the rules of JSON to a JSON text.
func (c *Content) JSON(v canon.Value, counts Counts) canon.Value {
	if !c.HasJSON() {
		return v
	}
	for _, r := range c.json {
		v = r.apply(v, r.path, counts)
	}
	return v
}

// jsonLine applies them to a line of JSON Lines: the first name of a pointer is the
// line's index.
func (c *Content) jsonLine(index int64, v canon.Value, counts Counts) canon.Value {
	if !c.HasJSON() {
		return v
	}
	for _, r := range c.json {
		switch path := r.path; {
		case len(path) == 0:
			v = r.apply(v, nil, counts)
		case path[0] != "*" && path[0] != strconv.FormatInt(index, 10):
		case len(path) == 1 && r.Do == Ignore:
			counts.add(r.index, 1)
			v = canon.Null
		default:
			v = r.apply(v, path[1:], counts)
		}
	}
	return v
}

// apply changes what stands at path in v.
func (r *compiled) apply(v canon.Value, path []string, counts Counts) canon.Value {
	n := int64(0)
	out := r.rewrite(nil, v, path, &n)
	counts.add(r.index, n)
	if n == 0 {
		return v
	}
	return canon.Value(out)
}

// rewrite appends v with what stands at path changed, and counts the changes.
func (r *compiled) rewrite(dst []byte, v canon.Value, path []string, n *int64) []byte {
	kind := v.Kind()
	if len(path) == 0 && kind == canon.Float && r.Do == Rounds {
		*n++
		return appendRounded(dst, v, r.Digits)
	}
	if kind != canon.Object && kind != canon.Array {
		return append(dst, v...)
	}
	below := path // of all members, when v itself is what is rounded
	if len(path) > 0 {
		below = path[1:]
	}
	ignored := func(name string) bool {
		return len(path) == 1 && r.Do == Ignore && (path[0] == "*" || path[0] == name)
	}
	child := func(name string, v canon.Value) {
		if len(path) > 0 && path[0] != "*" && path[0] != name {
			dst = append(dst, v...)
			return
		}
		dst = r.rewrite(dst, v, below, n)
	}
	if kind == canon.Array {
		dst = append(dst, '[')
		i := 0
		for element := range v.Elements() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if name := strconv.Itoa(i); ignored(name) {
				*n++
				dst = append(dst, canon.Null...)
			} else {
				child(name, element)
			}
			i++
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	first := true
	for name, member := range v.Members() {
		if ignored(name) {
			*n++
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst, _ = canon.AppendString(dst, name) // it was canonical
		dst = append(dst, ':')
		child(name, member)
	}
	return append(dst, '}')
}

func appendRounded(dst []byte, v canon.Value, digits int) []byte {
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return append(dst, v...)
	}
	return canon.AppendFloat(dst, Round(f, digits))
}

// MaxLine is how far into a line a regular expression looks, in bytes.
const MaxLine = 1 << 20

// Lines returns what is left of r by the rules of lines. A line is matched without its
// newline, or carriage return and newline, up to MaxLine.
func (c *Content) Lines(r io.Reader, counts Counts) io.Reader {
	if !c.HasLines() {
		return r
	}
	drop := false
	return transform(content.NewLines(r, MaxLine), func(dst, piece []byte, first bool) ([]byte, error) {
		if first {
			drop = c.matches(piece, counts)
		}
		if drop {
			return dst, nil
		}
		return append(dst, piece...), nil
	})
}

func (c *Content) matches(line []byte, counts Counts) (matched bool) {
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	for _, r := range c.lines {
		if r.regexp.Match(line) {
			counts.add(r.index, 1)
			matched = true
		}
	}
	return matched
}

// JSONLines returns r, which is JSON Lines, with the rules of JSON applied and each line
// in canonical form.
func (c *Content) JSONLines(r io.Reader, counts Counts) io.Reader {
	line := int64(0)
	return transform(content.NewLines(r, content.MaxJSON+2), func(dst, piece []byte, first bool) ([]byte, error) {
		v, err := canon.Parse(piece)
		if err != nil {
			return nil, fmt.Errorf("line %d of what was JSON Lines: %w", line+1, err)
		}
		dst = append(append(dst, c.jsonLine(line, v, counts)...), '\n')
		line++
		return dst, nil
	})
}

// transform is a reader of what change makes of the lines.
func transform(lines *content.Lines, change func(dst, piece []byte, first bool) ([]byte, error)) io.Reader {
	return &transformed{lines: lines, change: change}
}

type transformed struct {
	lines  *content.Lines
	change func(dst, piece []byte, first bool) ([]byte, error)
	buf    []byte
	ready  []byte // of buf, not read yet
	err    error
}

func (t *transformed) Read(p []byte) (int, error) {
	for len(t.ready) == 0 && t.err == nil {
		var piece []byte
		var first bool
		if piece, first, t.err = t.lines.Next(); t.err != nil {
			break
		}
		t.buf, t.err = t.change(t.buf[:0], piece, first)
		t.ready = t.buf
	}
	if len(t.ready) == 0 && t.err != nil {
		return 0, t.err
	}
	n := copy(p, t.ready)
	t.ready = t.ready[n:]
	return n, nil
}
