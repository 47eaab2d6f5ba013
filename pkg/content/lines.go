package content

import (
	"bufio"
	"bytes"
	"io"
)

// Lines reads text line by line, in pieces where a line is long.
type Lines struct {
	r       *bufio.Reader
	piece   []byte
	longest int
	within  bool // a line
	err     error
}

// NewLines returns a reader of lines. A piece is at most longest bytes.
func NewLines(r io.Reader, longest int) *Lines {
	return &Lines{r: bufio.NewReaderSize(r, 64<<10), longest: longest}
}

// Next returns the next line with its newline, or the next piece of one that is longer
// than a piece; first tells that a line begins with it. The last line may have no
// newline. At the end it returns io.EOF. A piece holds until the next call.
func (l *Lines) Next() (piece []byte, first bool, err error) {
	if l.err != nil {
		return nil, false, l.err
	}
	l.piece = l.piece[:0]
	for len(l.piece) < l.longest {
		if _, l.err = l.r.Peek(1); l.err != nil {
			break
		}
		ready, _ := l.r.Peek(min(l.r.Buffered(), l.longest-len(l.piece)))
		if i := bytes.IndexByte(ready, '\n'); i >= 0 {
			ready = ready[:i+1]
		}
		l.piece = append(l.piece, ready...)
		l.r.Discard(len(ready))
		if ready[len(ready)-1] == '\n' {
			break
		}
	}
	if len(l.piece) == 0 || l.err != nil && l.err != io.EOF {
		return nil, false, l.err
	}
	first = !l.within
	l.within = l.piece[len(l.piece)-1] != '\n'
	return l.piece, first, nil
}

// with is the line that a piece begins, or a part of what follows it where the piece is
// not all of the line.
func (l *Lines) with(piece []byte) io.Reader {
	if l.within {
		return io.MultiReader(bytes.NewReader(piece), l.r)
	}
	return bytes.NewReader(piece)
}
