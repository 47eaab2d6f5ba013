package events

import (
	"strconv"
	"strings"

	"github.com/tinylib/msgp/msgp"

	"abraxas.dev/ers/pkg/canon"
)

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
