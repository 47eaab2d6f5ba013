package content

import (
	"bytes"
	"io"

	"abraxas.dev/ers/pkg/canon"
)

// MaxExcerpt is the most bytes of what a [Difference] shows of either side.
const MaxExcerpt = 1 << 10

// MaxPointer is the longest [Difference.Pointer], in bytes.
const MaxPointer = 2 << 10

// Difference is the first place where two contents differ.
type Difference struct {
	As      As     // what they were compared as
	Line    int64  // text, JSON Lines, and JSON with equal values: from 1
	Column  int64  // where Pointer does not say it: of the first other character in the line, from 1
	Offset  int64  // likewise, and in bytes: of the first other byte, from 0
	Pointer string // JSON and JSON Lines: RFC 6901, into the value or into that of the line

	// Equal tells that the JSON values are equal, but are written otherwise: with other
	// spaces, another order of keys, 1e2 for 100.0. Line, Column and Offset then say where.
	Equal bool

	// What the two sides have there: canonical JSON, a line, or bytes in hex, cut to
	// MaxExcerpt around the place, with "…" where something is left out. Nil is nothing:
	// there is no such member, no such line, no such byte.
	Expected, Found *string
}

// Diff returns the first difference of two contents that are looked at as what as says,
// nil when they are equal to the byte. What turns out not to be that is compared as text,
// or as bytes. A difference of JSON values counts before one in how they are written.
//
// It reads as far as it must. An error is one of a or b.
func Diff(a, b io.Reader, as As) (*Difference, error) {
	switch as {
	case JSON:
		return diffJSON(a, b)
	case JSONL:
		return diffLines(a, b)
	}
	return diffBytes(a, b, as == Text)
}

// diffJSON compares two JSON texts.
func diffJSON(a, b io.Reader) (*Difference, error) {
	textA, err := io.ReadAll(io.LimitReader(a, MaxJSON+1))
	if err != nil {
		return nil, err
	}
	textB, err := io.ReadAll(io.LimitReader(b, MaxJSON+1))
	if err != nil {
		return nil, err
	}
	x, y, ok := parseBoth(textA, textB)
	if ok && x != y {
		return between(JSON, 0, x, y), nil
	}
	d, err := diffBytes(io.MultiReader(bytes.NewReader(textA), a), io.MultiReader(bytes.NewReader(textB), b), true)
	if d != nil && ok {
		d.As, d.Equal = JSON, true
	}
	return d, err
}

func parseBoth(a, b []byte) (x, y canon.Value, ok bool) {
	if max(len(a), len(b)) > MaxJSON {
		return "", "", false
	}
	x, errA := canon.Parse(a)
	y, errB := canon.Parse(b)
	return x, y, errA == nil && errB == nil
}

// between is the difference between two values.
func between(as As, line int64, x, y canon.Value) *Difference {
	pointer, x, y := canon.FirstDifference("", x, y, MaxPointer)
	d := &Difference{As: as, Line: line, Pointer: pointer}
	if x != "" {
		d.Expected = ptr(Cut(string(x), string(y), MaxExcerpt))
	}
	if y != "" {
		d.Found = ptr(Cut(string(y), string(x), MaxExcerpt))
	}
	return d
}

func ptr(s string) *string { return &s }

// diffLines compares two contents of JSON Lines. A line that is not JSON, or too long, is
// compared as text.
func diffLines(a, b io.Reader) (*Difference, error) {
	linesA, linesB := NewLines(a, MaxJSON+1), NewLines(b, MaxJSON+1)
	var written *Difference // the first line whose value is equal and whose bytes are not
	for line, offset := int64(0), int64(0); ; {
		x, first, err := nextLine(linesA)
		if err != nil {
			return nil, err
		}
		y, firstB, err := nextLine(linesB)
		if err != nil {
			return nil, err
		}
		if x == nil && y == nil {
			return written, nil
		}
		if first || firstB {
			line++
		}
		if !bytes.Equal(x, y) {
			d, err := diffLine(x, y, linesA, linesB)
			if err != nil {
				return nil, err
			}
			d.Line = line
			if d.Column > 0 {
				d.Offset += offset
			}
			if !d.Equal {
				return d, nil
			}
			if written == nil {
				written = d
			}
		}
		offset += int64(len(x))
	}
}

// nextLine returns nil at the end.
func nextLine(l *Lines) (line []byte, first bool, err error) {
	line, first, err = l.Next()
	if err == io.EOF {
		return nil, false, nil
	}
	return line, first, err
}

// diffLine compares two lines, nil for none. What follows them is read where a line is
// longer than a piece.
func diffLine(x, y []byte, restX, restY *Lines) (*Difference, error) {
	if x == nil || y == nil {
		d := &Difference{As: JSONL}
		if x != nil {
			d.Expected = ptr(Cut(lineText(x), "", MaxExcerpt))
		}
		if y != nil {
			d.Found = ptr(Cut(lineText(y), "", MaxExcerpt))
		}
		return d, nil
	}
	v, w, ok := parseBoth(x, y)
	if ok && v != w {
		return between(JSONL, 0, v, w), nil
	}
	d, err := diffBytes(restX.with(x), restY.with(y), true)
	if d != nil && ok {
		d.As, d.Equal = JSONL, true
	}
	return d, err
}
