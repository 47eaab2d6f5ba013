package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// msgpackReader reads MessagePack into trees. The library's decoder takes many
// spellings for one value; here each value has one, so the code is looked at first.
type msgpackReader struct{ *msgpack.Decoder }

// tree reads a value at a depth.
func (d msgpackReader) tree(depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	code, err := d.PeekCode()
	if err != nil {
		return nil, err
	}
	switch {
	case code == msgpcode.Nil:
		return nil, d.DecodeNil()
	case code == msgpcode.True || code == msgpcode.False:
		return d.DecodeBool()
	case msgpcode.IsFixedNum(code) || code >= msgpcode.Int8 && code <= msgpcode.Int64:
		n, err := d.DecodeInt64()
		return json.Number(strconv.FormatInt(n, 10)), err
	case code >= msgpcode.Uint8 && code <= msgpcode.Uint64:
		n, err := d.DecodeUint64()
		return json.Number(strconv.FormatUint(n, 10)), err
	case code == msgpcode.Double:
		f, err := d.DecodeFloat64()
		return floatText(f), err
	case msgpcode.IsString(code):
		return d.text()
	case msgpcode.IsFixedArray(code) || code == msgpcode.Array16 || code == msgpcode.Array32:
		return d.array(depth)
	case isMap(code):
		return d.object(depth)
	case msgpcode.IsExt(code):
		return d.bigInteger()
	}
	return nil, fmt.Errorf("MessagePack code %#02x is none of a value's", code)
}

func isMap(code byte) bool {
	return msgpcode.IsFixedMap(code) || code == msgpcode.Map16 || code == msgpcode.Map32
}

func (d msgpackReader) mapLen() (int, error) {
	if code, err := d.PeekCode(); err != nil || !isMap(code) {
		return 0, errors.Join(fmt.Errorf("want a map, found MessagePack code %#02x", code), err)
	}
	return d.DecodeMapLen()
}

func (d msgpackReader) text() (string, error) {
	if code, err := d.PeekCode(); err != nil || !msgpcode.IsString(code) {
		return "", errors.Join(fmt.Errorf("want a string, found MessagePack code %#02x", code), err)
	}
	s, err := d.DecodeString()
	if err == nil && !utf8.ValidString(s) {
		err = fmt.Errorf("%.40q is not UTF-8", s)
	}
	return s, err
}

func (d msgpackReader) array(depth int) (any, error) {
	n, err := d.DecodeArrayLen()
	if err != nil {
		return nil, err
	}
	list := []any{}
	for range n {
		element, err := d.tree(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, element)
	}
	return list, nil
}

// object reads a map, whose names must ascend.
func (d msgpackReader) object(depth int) (any, error) {
	n, err := d.DecodeMapLen()
	if err != nil {
		return nil, err
	}
	members, last := map[string]any{}, ""
	for i := range n {
		name, err := d.text()
		if err != nil {
			return nil, err
		}
		if i > 0 && name <= last {
			return nil, fmt.Errorf("name %.40q repeats or is out of order", name)
		}
		last = name
		if members[name], err = d.tree(depth + 1); err != nil {
			return nil, err
		}
	}
	return members, nil
}

// bigInteger reads extension 1: the digits of an integer beyond 64 bits.
func (d msgpackReader) bigInteger() (any, error) {
	id, size, err := d.DecodeExtHeader()
	if err != nil {
		return nil, err
	}
	if id != 1 || size > math.MaxInt32 {
		return nil, fmt.Errorf("MessagePack extension %d of %d bytes is no big integer", id, size)
	}
	var digits []byte
	for range size { // byte by byte: the size is not to be trusted
		var b [1]byte
		if err := d.ReadFull(b[:]); err != nil {
			return nil, err
		}
		digits = append(digits, b[0])
	}
	n, ok := new(big.Int).SetString(string(digits), 10)
	if !ok || n.String() != string(digits) || n.IsInt64() || n.IsUint64() {
		return nil, fmt.Errorf("%.40q is not an integer beyond 64 bits", digits)
	}
	return json.Number(digits), nil
}
