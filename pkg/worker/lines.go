package worker

import (
	"bufio"
	"fmt"
	"io"
	"unicode/utf8"

	"abraxas.dev/ers/pkg/canon"
)

// MessageError says that a line is not of the protocol, and what is wrong with it.
type MessageError struct {
	Line int64  // from 1
	Type string // of the message: hello, result, content, tick; "" when it is not known
	Text string // the line, cut to some 80 bytes
	Err  error  // begins with the JSON pointer of the place, where there is one
}

func (e *MessageError) Error() string {
	of := ""
	if e.Type != "" {
		of = e.Type + ": "
	}
	return fmt.Sprintf("line %d: %s%v; the line is %#q", e.Line, of, e.Err, e.Text)
}

func (e *MessageError) Unwrap() error { return e.Err }

// lines reads lines of a bounded length. Its memory grows with the lines that come, not
// with the bound, and goes back after a long one.
type lines struct {
	in    *bufio.Reader
	limit int
	long  []byte // a line that does not fit into the buffer of in
	count int64
	last  []byte
}

const (
	bufferSize = 64 << 10
	keepSize   = 1 << 20 // of a buffer, for the next long line
	quoteSize  = 80
)

func newLines(r io.Reader, limit int) lines {
	return lines{in: bufio.NewReaderSize(r, bufferSize), limit: limit}
}

// next returns the next line without its \n, valid until the next call. The error is
// io.EOF at the end of the input, io.ErrUnexpectedEOF when it ends in a line.
func (l *lines) next() ([]byte, error) {
	l.count++
	line, err := l.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		line, err = l.gather(line)
	}
	l.last = line
	switch {
	case err == io.EOF && len(line) > 0:
		return nil, l.wrong("", errNoEnd)
	case err != nil:
		return nil, err
	}
	l.last = line[:len(line)-1]
	if len(l.last) > l.limit {
		return nil, l.tooLong()
	}
	return l.last, nil
}

// gather reads on to the end of a line that is longer than the buffer.
func (l *lines) gather(line []byte) ([]byte, error) {
	if cap(l.long) > keepSize {
		l.long = nil
	}
	l.long = append(l.long[:0], line...)
	for {
		part, err := l.in.ReadSlice('\n')
		l.long = append(l.long, part...)
		if err != bufio.ErrBufferFull {
			return l.long, err
		}
		if len(l.long) > l.limit {
			l.last = l.long
			return l.long, l.tooLong()
		}
	}
}

func (l *lines) tooLong() error {
	return l.wrong("", fmt.Errorf("longer than %d bytes, the limit of a message: keep large contents in files, or in several tasks", l.limit))
}

// wrong makes the error for the last line.
func (l *lines) wrong(kind string, err error) error {
	if syntax, ok := err.(*canon.SyntaxError); ok {
		err = fmt.Errorf("column %d: %s", syntax.Column, syntax.Msg)
	}
	return &MessageError{Line: l.count, Type: kind, Text: quote(l.last), Err: err}
}

var errNoEnd = fmt.Errorf("%w: the last line has no \\n", io.ErrUnexpectedEOF)

// quote cuts a line for an error.
func quote(line []byte) string {
	if len(line) <= quoteSize {
		return string(line)
	}
	cut := quoteSize
	for cut > quoteSize-utf8.UTFMax && !utf8.RuneStart(line[cut]) {
		cut--
	}
	return string(line[:cut]) + "…"
}
