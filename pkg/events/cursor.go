package events

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/tinylib/msgp/msgp"

	"abraxas.dev/ers/pkg/canon"
)

// errTruncated says that a message ends before its content does.
var errTruncated = errors.New("the message ends here")

// cursor reads MessagePack from the front of a message. Its errors say at which
// byte and in which field they are.
type cursor struct {
	all  []byte // the whole message
	rest []byte // what is still to be read
	path []step
}

// step is one level of the path to the field being read: a name, or an index when
// the name is empty.
type step struct {
	name  string
	index int
}

func (c *cursor) push(name string, index int) { c.path = append(c.path, step{name, index}) }

func (c *cursor) pop() { c.path = c.path[:len(c.path)-1] }

// fail names the place of an error: the path and the byte.
func (c *cursor) fail(err error) error {
	var path strings.Builder
	for _, s := range c.path {
		switch {
		case s.name == "":
			fmt.Fprintf(&path, "[%d]", s.index)
		case path.Len() == 0:
			path.WriteString(s.name)
		default:
			path.WriteString("." + s.name)
		}
	}
	if path.Len() > 0 {
		path.WriteString(": ")
	}
	return fmt.Errorf("%s%w (byte %d)", path.String(), err, len(c.all)-len(c.rest))
}

func (c *cursor) failf(format string, args ...any) error {
	return c.fail(fmt.Errorf(format, args...))
}

// unexpected says which type stands where another one should.
func (c *cursor) unexpected(want string, err error) error {
	if len(c.rest) == 0 || errors.Is(err, msgp.ErrShortBytes) {
		return c.failf("want %s: %w", want, errTruncated)
	}
	return c.failf("want %s, found %s", want, msgp.NextType(c.rest))
}

// string reads a string without copying: it lives as long as the message.
func (c *cursor) string() (string, error) {
	b, rest, err := msgp.ReadStringZC(c.rest)
	if err != nil {
		return "", c.unexpected("a string", err)
	}
	c.rest = rest
	return unsafe.String(unsafe.SliceData(b), len(b)), nil
}

// count reads an integer from 0 to most.
func (c *cursor) count(most int64) (int64, error) {
	n, rest, err := msgp.ReadInt64Bytes(c.rest)
	if err != nil {
		return 0, c.unexpected("an integer of 64 bits", err)
	}
	if n < 0 || n > most {
		return 0, c.failf("%d is out of range: want 0 to %d", n, most)
	}
	c.rest = rest
	return n, nil
}

// mapHeader reads the header of a map. The count it returns is not to be trusted
// further than the bytes that follow.
func (c *cursor) mapHeader() (int, error) {
	n, rest, err := msgp.ReadMapHeaderBytes(c.rest)
	if err != nil {
		return 0, c.unexpected("a map", err)
	}
	c.rest = rest
	return int(n), nil
}

// arrayHeader is mapHeader for arrays.
func (c *cursor) arrayHeader() (int, error) {
	n, rest, err := msgp.ReadArrayHeaderBytes(c.rest)
	if err != nil {
		return 0, c.unexpected("an array", err)
	}
	c.rest = rest
	return int(n), nil
}

// field is key for the fields of events and results, of which there are many.
func (c *cursor) field(f *wireField) error {
	if len(c.rest) < len(f.msgpack) || string(c.rest[:len(f.msgpack)]) != f.msgpack {
		return c.key(f.name) // another spelling of the name, or another name
	}
	c.rest = c.rest[len(f.msgpack):]
	c.push(f.name, 0)
	return nil
}

// key reads the key of the next field, which must be name, and enters the field.
func (c *cursor) key(name string) error {
	found, err := c.string()
	if err != nil {
		return fmt.Errorf("field %s: %w", name, err)
	}
	if found != name {
		return c.failf("field %.40q where %s belongs: each field stands once, in its order", found, name)
	}
	c.push(name, 0)
	return nil
}

// nextIs tells whether the next field has this name, without reading it.
func (c *cursor) nextIs(name string) bool {
	found, _, err := msgp.ReadStringZC(c.rest)
	return err == nil && string(found) == name
}

// countField reads a field that is an integer from 0 to most.
func (c *cursor) countField(name string, most int64) (int64, error) {
	if err := c.key(name); err != nil {
		return 0, err
	}
	n, err := c.count(most)
	if err != nil {
		return 0, err
	}
	c.pop()
	return n, nil
}

// textField reads a field that is valid text, and copies it.
func (c *cursor) textField(name string) (string, error) {
	if err := c.key(name); err != nil {
		return "", err
	}
	quoted, err := c.text(nil)
	if err != nil {
		return "", err
	}
	text, _ := canon.Value(quoted).Text()
	c.pop()
	return text, nil
}

// valueField reads a field of any value.
func (c *cursor) valueField(name string) (canon.Value, error) {
	if err := c.key(name); err != nil {
		return "", err
	}
	v, err := c.value(nil, 0)
	if err != nil {
		return "", err
	}
	c.pop()
	return canon.Value(v), nil
}
