package worker

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"abraxas.dev/ers/pkg/canon"
)

// decoder takes messages apart. Its errors are of syntax, with the column in the line,
// or begin with the JSON pointer of the place.
type decoder struct{ json canon.Reader }

// fields are the members of an object, at most 32.
type fields []string

// set is a set of fields, by their index.
type set uint32

func (s set) has(i int) bool { return s&(1<<i) != 0 }

// members says which members an object had.
type members struct {
	seen    set
	unknown string // the first that is none of the fields
	strange bool   // there is one
}

// check refuses members that are not known, and wants those that are required.
func (m *members) check(known fields, required set) error {
	if m.strange {
		return under(m.unknown, fmt.Errorf("unknown member: want %s", strings.Join(known, ", ")))
	}
	for i, name := range known {
		if required.has(i) && !m.seen.has(i) {
			return under(name, errMissing)
		}
	}
	return nil
}

var errMissing = errors.New("missing")

// object reads an object: read is called with the index of each member to read its
// value. A member that stands twice is an error, one that is not known is remembered.
func (d *decoder) object(known fields, read func(i int) error) (m members, err error) {
	err = d.json.Object(func(name []byte) error {
		for i, field := range known {
			if field != string(name) {
				continue
			}
			if m.seen.has(i) {
				return under(field, errors.New("this member stands twice"))
			}
			m.seen |= 1 << i
			return under(field, read(i))
		}
		if !m.strange {
			m.strange, m.unknown = true, string(name)
		}
		_, err := d.json.Value()
		return err
	})
	return m, err
}

// exact reads an object that has all required members and no unknown ones.
func (d *decoder) exact(known fields, required set, read func(i int) error) error {
	m, err := d.object(known, read)
	if err != nil {
		return err
	}
	return m.check(known, required)
}

// array reads an array.
func (d *decoder) array(read func() error) error {
	return d.json.Array(func(i int) error { return underIndex(i, read()) })
}

// text reads a string.
func (d *decoder) text() (string, error) {
	b, err := d.json.Value()
	if err != nil {
		return "", err
	}
	text, ok := canon.Value(b).Text()
	if !ok {
		return "", mismatch("a string", b)
	}
	return text, nil
}

// integer reads an integer of 64 bits.
func (d *decoder) integer() (int64, error) {
	b, err := d.json.Value()
	if err != nil {
		return 0, err
	}
	n, ok := canon.Value(b).Int()
	if !ok {
		return 0, mismatch("an integer of 64 bits", b)
	}
	return n, nil
}

// count reads an integer that is not negative.
func (d *decoder) count() (int64, error) {
	n, err := d.integer()
	if err == nil && n < 0 {
		err = fmt.Errorf("%d is negative", n)
	}
	return n, err
}

// value reads a value of at most so many canonical bytes.
func (d *decoder) value(limit int) (canon.Value, error) {
	b, err := d.json.Value()
	if err == nil && len(b) > limit {
		err = fmt.Errorf("takes %d canonical bytes: at most %d are allowed", len(b), limit)
	}
	if err != nil {
		return "", err
	}
	return canon.Value(b), nil
}

func mismatch(want string, found []byte) error {
	return fmt.Errorf("want %s, found %.60q", want, string(found))
}

// placed is an error with the JSON pointer of the place where it is.
type placed struct {
	pointer string
	err     error
}

func (e *placed) Error() string { return e.pointer + ": " + e.err.Error() }
func (e *placed) Unwrap() error { return e.err }

// under moves an error one level down, as the recursion that found it is left. An error
// of syntax has its place already.
func under(step string, err error) error {
	switch e := err.(type) {
	case nil:
		return nil
	case *canon.SyntaxError:
		return e
	case *placed:
		return &placed{"/" + escapePointer(step) + e.pointer, e.err}
	}
	return &placed{"/" + escapePointer(step), err}
}

func underIndex(i int, err error) error {
	if err == nil {
		return nil
	}
	return under(strconv.Itoa(i), err)
}
