package content

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"abraxas.dev/ers/pkg/canon"
)

// Detector finds out what the bytes are that are written to it. Make one with
// [NewDetector]; it is not safe for concurrent use.
type Detector struct {
	want   As // "" is to find out
	err    error
	binary bool   // there is a NUL, or what is not UTF-8
	rune   []byte // the beginning of a character

	state state
	buf   []byte      // what the state needs of the bytes before
	value canon.Value // the first, or only, JSON value
	lines int         // that hold a JSON value
	blank bool        // an empty line follows the first value
	begun bool        // something else than white space was there
}

// state is what the bytes still can be besides text and bytes.
type state uint8

const (
	begin    state = iota // no line is complete: one JSON text, or JSON Lines
	oneValue              // one JSON text, in buf as far as it is known
	oneLine               // the first line is a JSON value, and white space may follow it
	manyLine              // JSON Lines; buf is the beginning of a line
	neither
)

// NewDetector returns a detector. want is what the bytes are to be looked at as, "" to
// find out. Asked for by name, a JSON text may be any value, a number too, and JSON Lines
// may be one line and hold any values.
func NewDetector(want As) *Detector {
	d := &Detector{want: want}
	switch want {
	case JSON:
		d.state = oneValue
	case JSONL:
		d.state = manyLine
	case Text, Bytes:
		d.state = neither
	}
	return d
}

// Write takes more of the bytes. It never fails.
func (d *Detector) Write(p []byte) (int, error) {
	n := len(p)
	d.checkText(p)
	for len(p) > 0 && d.state != neither {
		line := p
		if d.state != oneValue {
			if i := bytes.IndexByte(p, '\n'); i >= 0 {
				line = p[:i+1]
			}
		}
		if p = p[len(line):]; d.keep(line) && line[len(line)-1] == '\n' && d.state != oneValue {
			d.endLine()
		}
	}
	return n, nil
}

// checkText looks for what text does not have. A character may be cut by the writes.
func (d *Detector) checkText(p []byte) {
	if d.binary {
		return
	}
	if bytes.IndexByte(p, 0) >= 0 {
		d.binary = true
	}
	for len(d.rune) > 0 && len(p) > 0 && !utf8.FullRune(d.rune) {
		d.rune, p = append(d.rune, p[0]), p[1:]
	}
	if len(d.rune) > 0 && utf8.FullRune(d.rune) {
		d.binary = d.binary || !utf8.Valid(d.rune)
		d.rune = d.rune[:0]
	}
	end := len(p) // of what is whole
	for i := 1; i < utf8.UTFMax && i <= len(p); i++ {
		if utf8.RuneStart(p[len(p)-i]) {
			if !utf8.FullRune(p[len(p)-i:]) {
				end = len(p) - i
			}
			break
		}
	}
	d.binary = d.binary || !utf8.Valid(p[:end])
	d.rune = append(d.rune, p[end:]...)
}

var errLong = fmt.Errorf("it is longer than %d MiB", MaxJSON>>20)

// keep takes a part of a line into the buffer. It returns false when the bytes cannot
// be JSON any more.
func (d *Detector) keep(part []byte) bool {
	if len(d.buf)+len(part) > MaxJSON {
		return d.giveUp(errLong)
	}
	d.buf = append(d.buf, part...)
	if first := bytes.TrimLeft(part, " \t\r\n"); d.want == "" && !d.begun && len(first) > 0 {
		d.begun = true
		if first[0] != '{' && first[0] != '[' { // the quick way out for most text
			return d.giveUp(nil)
		}
	}
	return true
}

func (d *Detector) giveUp(err error) bool {
	d.state, d.buf, d.value, d.err = neither, nil, "", err
	return false
}

// endLine takes the line in the buffer.
func (d *Detector) endLine() {
	switch d.state {
	case begin:
		v, err := parse(d.buf)
		if err != nil { // a JSON text can have several lines
			d.state = oneValue
			return
		}
		d.state, d.value, d.lines, d.buf = oneLine, v, 1, d.buf[:0]
	case oneLine:
		if len(bytes.TrimSpace(d.buf)) == 0 {
			d.blank, d.buf = true, d.buf[:0]
			return
		}
		if d.blank {
			d.giveUp(nil)
			return
		}
		d.state = manyLine
		fallthrough
	case manyLine:
		v, err := parse(d.buf)
		if k := v.Kind(); err == nil && d.want == "" && k != canon.Object && k != canon.Array {
			err = errors.New("it is neither an object nor an array")
		}
		if err != nil {
			d.giveUp(fmt.Errorf("line %d: %w", d.lines+1, err))
			return
		}
		d.value = ""
		d.lines++
		d.buf = d.buf[:0]
	}
}

// parse reads one JSON text.
func parse(text []byte) (canon.Value, error) {
	v, err := canon.Parse(text)
	if err == nil && len(v) > 2*MaxDepth && v.Depth() > MaxDepth {
		return "", fmt.Errorf("nested deeper than %d levels", MaxDepth)
	}
	return v, err
}

// Result says what the bytes are, once all are written. When they are one JSON text, v
// is its canonical form. err says why they are not what they were to be looked at as.
func (d *Detector) Result() (as As, v canon.Value, err error) {
	if d.state == oneLine && len(bytes.TrimSpace(d.buf)) == 0 {
		return JSON, d.value, nil
	}
	if (d.state == manyLine || d.state == oneLine) && len(d.buf) > 0 {
		d.endLine()
	}
	switch {
	case d.state == manyLine:
		return JSONL, "", nil
	case (d.state == begin || d.state == oneValue) && (d.want != "" || len(d.buf) > 0):
		if v, err = parse(d.buf); err == nil {
			return JSON, v, nil
		}
		d.giveUp(err)
	}
	if d.want == Bytes || d.binary || len(d.rune) > 0 {
		as = Bytes
	} else {
		as = Text
	}
	if d.want == Text && as != Text {
		d.err = errors.New("it is not UTF-8, or holds a NUL")
	}
	if d.want == "" || as == d.want {
		return as, "", nil
	}
	return as, "", d.err
}

// Detect reads all of r and says what it is.
func Detect(r io.Reader) (As, error) {
	d := NewDetector("")
	if _, err := io.Copy(d, r); err != nil {
		return "", err
	}
	as, _, _ := d.Result()
	return as, nil
}
