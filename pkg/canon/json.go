package canon

import (
	"bytes"
	"fmt"
	"sync"
	"unicode/utf8"
)

// SyntaxError says where a text is not what [Parse] accepts.
type SyntaxError struct {
	Line   int // from 1
	Column int // in characters of the line, from 1
	Offset int // in bytes of the text, from 0
	Msg    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Msg)
}

// Parse returns the canonical form of a JSON text, which holds one value and may
// have white space around it. It accepts what CPython's json.loads does, and gives
// it the same meaning: NaN, Infinity and -Infinity; integers of any size, -0 being
// 0; 1E5 is the float 100000.0, and 1e400 is Infinity. Stricter than that, repeated
// names in an object, lone surrogates, invalid UTF-8 and nesting deeper than
// [MaxDepth] are errors. Every error is a *[SyntaxError].
func Parse(text []byte) (Value, error) {
	p := parsers.Get().(*parser)
	defer p.release()
	p.src = text
	if err := p.value(0); err != nil {
		return "", err
	}
	if p.space(); p.pos < len(text) {
		return "", p.unexpected("the end of the text")
	}
	return Value(p.dst), nil
}

// parsers keeps the buffers of parsers for the next texts.
var parsers = sync.Pool{New: func() any { return new(parser) }}

// release puts p back into parsers, unless its buffers are of unusual size.
func (p *parser) release() {
	if p.usual() {
		*p = parser{dst: p.dst[:0], members: p.members[:0]}
		parsers.Put(p)
	}
}

// usual tells whether the buffers of p are worth keeping.
func (p *parser) usual() bool {
	const most = 1 << 20
	return cap(p.dst) <= most && cap(p.members) <= most/64
}

// Scanner reads the values of a text that holds any number of them, one after the
// other, as in JSON Lines:
//
//	sc := canon.NewScanner(text)
//	for sc.Next() {
//		use(sc.Value(), sc.Line())
//	}
//	if err := sc.Err(); err != nil {
//
// White space may stand around the values and must stand between numbers and words.
type Scanner struct {
	p       parser
	value   Value
	err     error
	line    int // of the value
	counted int // how far newlines are counted in line
}

// NewScanner returns a Scanner for a text, which must not change while it is read.
func NewScanner(text []byte) *Scanner {
	return &Scanner{p: parser{src: text}, line: 1}
}

// Next reads the next value. It returns false at the end of the text or at the
// first error, and from then on.
func (s *Scanner) Next() bool {
	s.value = ""
	if s.err != nil {
		return false
	}
	s.p.space()
	s.line += bytes.Count(s.p.src[s.counted:s.p.pos], newline)
	s.counted = s.p.pos
	if s.p.pos == len(s.p.src) {
		return false
	}
	s.p.dst = s.p.dst[:0]
	if s.err = s.p.value(0); s.err != nil {
		return false
	}
	s.value = Value(s.p.dst)
	return true
}

// Value returns the value that Next has read, "" when it returned false.
func (s *Scanner) Value() Value { return s.value }

// Line returns the line on which that value begins, from 1.
func (s *Scanner) Line() int { return s.line }

// Err returns what stopped Next: nil at the end of the text, else a *[SyntaxError]
// with its place in the whole text.
func (s *Scanner) Err() error { return s.err }

var newline = []byte{'\n'}

// fail makes the error for the place pos.
func (p *parser) fail(pos int, format string, args ...any) error {
	before := p.src[:pos]
	start := bytes.LastIndexByte(before, '\n') + 1
	return &SyntaxError{
		Line:   1 + bytes.Count(before, newline),
		Column: 1 + utf8.RuneCount(before[start:]),
		Offset: pos,
		Msg:    fmt.Sprintf(format, args...),
	}
}

// unexpected makes the error for what stands at p.pos instead of what is wanted.
func (p *parser) unexpected(wanted string) error {
	if p.pos >= len(p.src) {
		return p.fail(len(p.src), "the text ends too early: want %s", wanted)
	}
	r, size := utf8.DecodeRune(p.src[p.pos:])
	switch {
	case r == utf8.RuneError && size == 1:
		return p.invalidUTF8()
	case r == '\uFEFF':
		return p.fail(p.pos, "unexpected byte order mark: want %s", wanted)
	}
	return p.fail(p.pos, "unexpected %q: want %s", r, wanted)
}

func (p *parser) invalidUTF8() error {
	return p.fail(p.pos, "%v: byte 0x%02x", ErrUTF8, p.src[p.pos])
}
