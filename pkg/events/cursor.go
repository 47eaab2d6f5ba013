package events

import (
	"errors"
	"fmt"
	"strconv"
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
func (c *cursor) pop()                        { c.path = c.path[:len(c.path)-1] }

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

// value appends the canonical bytes of the next value.
func (c *cursor) value(dst []byte, depth int) ([]byte, error) {
	if depth > canon.MaxDepth {
		return dst, c.failf("nested deeper than %d", canon.MaxDepth)
	}
	switch msgp.NextType(c.rest) {
	case msgp.NilType:
		c.rest = c.rest[1:]
		return append(dst, "null"...), nil
	case msgp.BoolType:
		b, rest, err := msgp.ReadBoolBytes(c.rest)
		if err != nil {
			return dst, c.unexpected("a boolean", err)
		}
		c.rest = rest
		return strconv.AppendBool(dst, b), nil
	case msgp.IntType, msgp.UintType:
		return c.integer(dst)
	case msgp.Float64Type:
		f, rest, err := msgp.ReadFloat64Bytes(c.rest)
		if err != nil {
			return dst, c.unexpected("a float", err)
		}
		c.rest = rest
		return canon.AppendFloat(dst, f), nil
	case msgp.StrType:
		return c.text(dst)
	case msgp.ArrayType:
		return c.array(dst, depth)
	case msgp.MapType:
		return c.object(dst, depth)
	case msgp.ExtensionType:
		return c.bigInt(dst)
	}
	return dst, c.unexpected("a value (nil, boolean, integer, float 64, string, array or map)", nil)
}

func (c *cursor) integer(dst []byte) ([]byte, error) {
	if n, rest, err := msgp.ReadInt64Bytes(c.rest); err == nil {
		c.rest = rest
		return strconv.AppendInt(dst, n, 10), nil
	}
	n, rest, err := msgp.ReadUint64Bytes(c.rest)
	if err != nil {
		return dst, c.unexpected("an integer", err)
	}
	c.rest = rest
	return strconv.AppendUint(dst, n, 10), nil
}

func (c *cursor) text(dst []byte) ([]byte, error) {
	s, err := c.string()
	if err != nil {
		return dst, err
	}
	dst, err = canon.AppendString(dst, s)
	if err != nil {
		return dst, c.fail(err)
	}
	return dst, nil
}

func (c *cursor) array(dst []byte, depth int) ([]byte, error) {
	n, err := c.arrayHeader()
	if err != nil {
		return dst, err
	}
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		c.push("", i)
		if dst, err = c.value(dst, depth+1); err != nil {
			return dst, err
		}
		c.pop()
	}
	return append(dst, ']'), nil
}

func (c *cursor) object(dst []byte, depth int) ([]byte, error) {
	n, err := c.mapHeader()
	if err != nil {
		return dst, err
	}
	dst = append(dst, '{')
	last := ""
	for i := range n {
		key, err := c.string()
		if err != nil {
			return dst, err
		}
		if i > 0 {
			if key <= last {
				return dst, c.failf("key %.40q repeats or is out of order after %.40q", key, last)
			}
			dst = append(dst, ',')
		}
		last = key
		c.push(key, 0)
		if dst, err = canon.AppendString(dst, key); err != nil {
			return dst, c.fail(err)
		}
		dst = append(dst, ':')
		if dst, err = c.value(dst, depth+1); err != nil {
			return dst, err
		}
		c.pop()
	}
	return append(dst, '}'), nil
}

// bigInt reads an integer beyond 64 bits. One that fits is a second spelling and
// refused, as is any other extension.
func (c *cursor) bigInt(dst []byte) ([]byte, error) {
	ext := msgp.RawExtension{Type: bigIntExtension}
	rest, err := msgp.ReadExtensionBytes(c.rest, &ext)
	if err != nil {
		return dst, c.failf("extension: want type %d, a big integer: %w", bigIntExtension, err)
	}
	if !beyond64Bits(string(ext.Data)) {
		return dst, c.failf("%.40q is not an integer beyond 64 bits in plain decimal", ext.Data)
	}
	c.rest = rest
	return append(dst, ext.Data...), nil
}

// beyond64Bits tells whether s is an integer in its one spelling that neither an
// int64 nor a uint64 can hold.
func beyond64Bits(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if len(digits) < len("9223372036854775808") || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		return false
	}
	_, signed := strconv.ParseInt(s, 10, 64)
	_, unsigned := strconv.ParseUint(s, 10, 64)
	return signed != nil && unsigned != nil
}
