package content

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
	"strings"
	"unicode/utf8"
)

// context is how many bytes of a line are shown on either side of the first other one,
// and hexContext how many of bytes.
const (
	context    = MaxExcerpt/2 - len("…")
	hexContext = 8
)

// scan is how far two contents have been found equal.
type scan struct {
	offset int64 // bytes
	line   int64 // newlines
	column int64 // characters begun in the line
	last   []byte
	inLine int64 // bytes of the line
}

// pass takes bytes that both have.
func (s *scan) pass(p []byte) {
	s.offset += int64(len(p))
	s.last = append(s.last, p[max(0, len(p)-context):]...)
	s.last = s.last[max(0, len(s.last)-context):]
	if n := bytes.Count(p, newline); n > 0 {
		s.line += int64(n)
		s.column, s.inLine = 0, 0
		p = p[bytes.LastIndexByte(p, '\n')+1:]
	}
	s.inLine += int64(len(p))
	for _, c := range p {
		if utf8.RuneStart(c) {
			s.column++
		}
	}
}

var newline = []byte{'\n'}

// diffBytes finds the first byte that differs, and says where it is as text if it may be.
func diffBytes(a, b io.Reader, text bool) (*Difference, error) {
	const size = 32 << 10
	ra, rb := bufio.NewReaderSize(a, size), bufio.NewReaderSize(b, size)
	var s scan
	for {
		x, errX := ra.Peek(size)
		y, errY := rb.Peek(size)
		if errX != nil && errX != io.EOF {
			return nil, errX
		}
		if errY != nil && errY != io.EOF {
			return nil, errY
		}
		n := common(x, y)
		s.pass(x[:n])
		ra.Discard(n)
		rb.Discard(n)
		if n == 0 && len(x)+len(y) == 0 {
			return nil, nil
		}
		if n < max(len(x), len(y)) { // Peek returns less than it is asked for at the end alone
			x, _ = ra.Peek(context + 1)
			y, _ = rb.Peek(context + 1)
			return s.difference(x, y, text), nil
		}
	}
}

func common(x, y []byte) int {
	n := min(len(x), len(y))
	if bytes.Equal(x[:n], y[:n]) {
		return n
	}
	for i := range n {
		if x[i] != y[i] {
			return i
		}
	}
	return n
}

// difference is the one between x and y, which follow what was equal.
func (s *scan) difference(x, y []byte, text bool) *Difference {
	if text {
		if d := s.textDifference(x, y); d != nil {
			return d
		}
	}
	d := &Difference{As: Bytes, Offset: s.offset}
	before := s.last[max(0, len(s.last)-hexContext):]
	show := func(rest []byte) *string {
		if len(rest) == 0 {
			return nil
		}
		shown := append(bytes.Clone(before), rest[:min(len(rest), hexContext)]...)
		parts := make([]string, len(shown))
		for i := range shown {
			parts[i] = hex.EncodeToString(shown[i : i+1])
		}
		line := strings.Join(parts, " ")
		if s.offset > int64(len(before)) {
			line = "… " + line
		}
		if len(rest) > hexContext {
			line += " …"
		}
		return &line
	}
	d.Expected, d.Found = show(x), show(y)
	return d
}

// textDifference is nil when what is to be shown is not text.
func (s *scan) textDifference(x, y []byte) *Difference {
	before := s.last[max(0, len(s.last)-int(min(s.inLine, int64(len(s.last))))):]
	cut := s.inLine > int64(len(before))
	for cut && len(before) > 0 && !utf8.RuneStart(before[0]) {
		before = before[1:]
	}
	d := &Difference{As: Text, Line: s.line + 1, Column: s.column + 1, Offset: s.offset}
	if within(x) || within(y) {
		d.Column = max(s.column, 1)
	}
	// Where one side ends without the newline that the other has, that is what differs.
	bare := len(x) == 0 && y[0] == '\n' || len(y) == 0 && x[0] == '\n'
	valid := true
	show := func(rest []byte) *string {
		if len(rest) == 0 && s.inLine == 0 {
			return nil
		}
		end := bytes.IndexByte(rest, '\n')
		more := false
		switch {
		case end == 0 && bare && s.inLine > 0:
			end = 1
		case end < 0:
			end = len(rest)
		}
		if end > context {
			end, more = context, true
			for end > 0 && !utf8.RuneStart(rest[end]) {
				end--
			}
		}
		line := string(before) + string(rest[:end])
		valid = valid && utf8.ValidString(line) && strings.IndexByte(line, 0) < 0
		if cut {
			line = "…" + line
		}
		if more {
			line += "…"
		}
		return &line
	}
	if d.Expected, d.Found = show(x), show(y); !valid {
		return nil
	}
	return d
}

// within tells whether p begins in the middle of a character.
func within(p []byte) bool { return len(p) > 0 && !utf8.RuneStart(p[0]) }

func lineText(line []byte) string { return string(bytes.TrimSuffix(line, newline)) }
