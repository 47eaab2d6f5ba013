package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxJSON is the longest JSON text, and the longest line of JSON Lines, that is read as
// such.
const maxJSON = 8 << 20

// maxExcerpt is the most that a verdict shows of a side, in bytes.
const maxExcerpt = 1 << 10

// around1K cuts a text as a verdict does, with byte at in it.
func around1K(s string, at int) string {
	if len(s) <= maxExcerpt {
		return s
	}
	size := maxExcerpt - 2*len("…")
	from := max(0, min(at-size/2, len(s)-size))
	end := from + size
	for from > 0 && from < end && !utf8.RuneStart(s[from]) {
		from++
	}
	for end < len(s) && end > from && !utf8.RuneStart(s[end]) {
		end--
	}
	cut := s[from:end]
	if from > 0 {
		cut = "…" + cut
	}
	if end < len(s) {
		cut += "…"
	}
	return cut
}

// differ says where two contents first differ; nil: they do not.
func differ(a, b io.Reader, as string) (*contentDifference, error) {
	ra, rb := bufio.NewReaderSize(a, 64<<10), bufio.NewReaderSize(b, 64<<10)
	switch as {
	case "json":
		return differAsJSON(ra, rb)
	case "jsonl":
		return differAsLines(ra, rb)
	}
	return differInBytes(ra, rb, as == "text")
}

func differAsJSON(a, b io.Reader) (*contentDifference, error) {
	x, errX := io.ReadAll(io.LimitReader(a, maxJSON+1))
	y, errY := io.ReadAll(io.LimitReader(b, maxJSON+1))
	if err := errors.Join(errX, errY); err != nil {
		return nil, err
	}
	c, isJSON := differInValue(x, y)
	if c != nil {
		c.As = "json"
		return c, nil
	}
	c, err := differInBytes(bufio.NewReader(io.MultiReader(bytes.NewReader(x), a)), bufio.NewReader(io.MultiReader(bytes.NewReader(y), b)), true)
	if c != nil && isJSON {
		c.As, c.Equal = "json", true
	}
	return c, err
}

// differInValue says where two JSON texts differ in their values.
func differInValue(a, b []byte) (c *contentDifference, isJSON bool) {
	if max(len(a), len(b)) > maxJSON {
		return nil, false
	}
	x, errX := parseText(string(a))
	y, errY := parseText(string(b))
	if errX != nil || errY != nil {
		return nil, false
	}
	at, p, q, differ := differenceWithin(maxPointer, x, y)
	if !differ {
		return nil, true
	}
	side := func(v, other any) *string {
		if v == (missing{}) {
			return nil
		}
		s, o, i := canonical(v), "", 0
		if other != (missing{}) {
			o = canonical(other)
		}
		for i < min(len(s), len(o)) && s[i] == o[i] {
			i++
		}
		s = around1K(s, i)
		return &s
	}
	return &contentDifference{Pointer: at, Expected: side(p, q), Found: side(q, p)}, true
}

func differAsLines(a, b *bufio.Reader) (*contentDifference, error) {
	var written *contentDifference
	for line, offset := int64(1), int64(0); ; line++ {
		x, errX := readLine(a)
		y, errY := readLine(b)
		if err := errors.Join(errX, errY); err != nil {
			return nil, err
		}
		if len(x)+len(y) == 0 {
			return written, nil
		}
		if !bytes.Equal(x, y) {
			c, err := differInLine(x, y, a, b)
			if err != nil {
				return nil, err
			}
			c.Line = line
			if c.Column > 0 {
				c.Offset += offset
			}
			if !c.Equal {
				return c, nil
			}
			if written == nil {
				written = c
			}
		}
		offset += int64(len(x))
	}
}

// readLine reads a line with its newline, or the beginning of one that is too long; the
// end is nothing.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for len(line) <= maxJSON {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF:
			return line, nil
		}
		return line, err
	}
	return line, nil
}

func differInLine(x, y []byte, restX, restY *bufio.Reader) (*contentDifference, error) {
	if len(x) == 0 || len(y) == 0 {
		side := func(line []byte) *string {
			if len(line) == 0 {
				return nil
			}
			s := around1K(strings.TrimSuffix(string(line), "\n"), 0)
			return &s
		}
		return &contentDifference{As: "jsonl", Expected: side(x), Found: side(y)}, nil
	}
	c, isJSON := differInValue(x, y)
	if c != nil {
		c.As = "jsonl"
		return c, nil
	}
	rest := func(line []byte, rest *bufio.Reader) *bufio.Reader {
		if line[len(line)-1] == '\n' {
			return bufio.NewReader(bytes.NewReader(line))
		}
		return bufio.NewReader(io.MultiReader(bytes.NewReader(line), rest))
	}
	c, err := differInBytes(rest(x, restX), rest(y, restY), true)
	if c != nil && isJSON {
		c.As, c.Equal = "jsonl", true
	}
	return c, err
}

// beside is how much of a line is shown on either side of the first byte that differs.
const beside = maxExcerpt/2 - len("…")

// differInBytes looks for the first byte that differs.
func differInBytes(a, b *bufio.Reader, text bool) (*contentDifference, error) {
	var before []byte // of the line
	var last [8]byte  // whatever the lines
	offset, line, begun, inLine := int64(0), int64(1), int64(0), int64(0)
	for {
		x, errX := a.ReadByte()
		y, errY := b.ReadByte()
		switch {
		case errX != nil && errX != io.EOF:
			return nil, errX
		case errY != nil && errY != io.EOF:
			return nil, errY
		case errX == io.EOF && errY == io.EOF:
			return nil, nil
		case errX == nil && errY == nil && x == y:
			copy(last[:], last[1:])
			last[7] = x
			offset++
			inLine++
			if before = append(before, x); len(before) > 8*beside {
				before = append(before[:0], before[len(before)-beside:]...)
			}
			if utf8.RuneStart(x) {
				begun++
			}
			if x == '\n' {
				line, begun, inLine, before = line+1, 0, 0, before[:0]
			}
			continue
		}
		p, q := behind(a, x, errX), behind(b, y, errY)
		if text {
			column := begun + 1
			if len(p) > 0 && !utf8.RuneStart(p[0]) || len(q) > 0 && !utf8.RuneStart(q[0]) {
				column = max(begun, 1)
			}
			if c := differInText(before, p, q, inLine > int64(len(before))); c != nil {
				c.Line, c.Column, c.Offset = line, column, offset
				return c, nil
			}
		}
		hex := func(rest []byte) *string {
			if len(rest) == 0 {
				return nil
			}
			s := fmt.Sprintf("% x", append(last[8-min(offset, 8):], rest[:min(len(rest), 8)]...))
			if offset > 8 {
				s = "… " + s
			}
			if len(rest) > 8 {
				s += " …"
			}
			return &s
		}
		return &contentDifference{As: "bytes", Offset: offset, Expected: hex(p), Found: hex(q)}, nil
	}
}

// behind returns a byte that was read and some of those that follow it; nothing at the end.
func behind(r *bufio.Reader, first byte, err error) []byte {
	if err != nil {
		return nil
	}
	rest, _ := r.Peek(beside)
	return append([]byte{first}, rest...)
}

// differInText is a difference in a line of text; nil when it is none that can be shown
// as text. more tells that the line begins before what is known of it.
func differInText(before, p, q []byte, more bool) *contentDifference {
	begins := len(before) == 0
	cut := more || len(before) > beside
	before = before[max(0, len(before)-beside):]
	for cut && len(before) > 0 && !utf8.RuneStart(before[0]) {
		before = before[1:]
	}
	newlineAlone := !begins && (len(p) == 0 && q[0] == '\n' || len(q) == 0 && p[0] == '\n')
	isText := true
	side := func(rest []byte) *string {
		if len(rest) == 0 && begins {
			return nil
		}
		line, _, _ := bytes.Cut(rest, []byte{'\n'})
		if len(line) == 0 && len(rest) > 0 && newlineAlone {
			line = rest[:1]
		}
		short := len(line)
		for short > beside || short < len(line) && short > 0 && !utf8.RuneStart(line[short]) {
			short = min(short-1, beside)
		}
		s := string(before) + string(line[:short])
		isText = isText && utf8.ValidString(s) && !strings.Contains(s, "\x00")
		if cut {
			s = "…" + s
		}
		if short < len(line) {
			s += "…"
		}
		return &s
	}
	c := &contentDifference{As: "text", Expected: side(p), Found: side(q)}
	if !isText {
		return nil
	}
	return c
}
