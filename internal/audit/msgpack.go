package audit

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"
)

// reader reads MessagePack, either into trees or straight into canonical bytes. Of the
// many spellings that MessagePack has for a value it takes those that a frame may have:
// no float of 32 bits, no binary data, names of a map in ascending order.
type reader struct{ rest []byte }

// What an item can be.
const (
	isNull itemKind = iota
	isBool
	isInteger
	isFloat
	isString
	isArray
	isMap
)

type itemKind byte

func (k itemKind) String() string {
	return [...]string{"null", "a boolean", "an integer", "a float", "a string", "an array", "a map"}[k]
}

// item is a scalar, or the head of an array or a map.
type item struct {
	is   itemKind
	n    int64   // integer; 1 for true; the length of an array or a map
	big  bool    // the integer is beyond 64 bits with a sign: text has its digits
	f    float64 // float
	text []byte  // string
}

// next reads one item.
func (r *reader) next() (item, error) {
	head, err := r.take(1)
	if err != nil {
		return item{}, err
	}
	code := head[0]
	switch {
	case code <= 0x7f || code >= 0xe0:
		return item{is: isInteger, n: int64(int8(code))}, nil
	case code <= 0x8f:
		return item{is: isMap, n: int64(code & 0x0f)}, nil
	case code <= 0x9f:
		return item{is: isArray, n: int64(code & 0x0f)}, nil
	case code <= 0xbf:
		return r.string(uint64(code & 0x1f))
	}
	switch code {
	case 0xc0:
		return item{is: isNull}, nil
	case 0xc2, 0xc3:
		return item{is: isBool, n: int64(code & 1)}, nil
	case 0xcb:
		bits, err := r.uint(8)
		return item{is: isFloat, f: math.Float64frombits(bits)}, err
	case 0xcc, 0xcd, 0xce, 0xcf:
		n, err := r.uint(1 << (code - 0xcc))
		if n > math.MaxInt64 {
			return item{is: isInteger, big: true, text: strconv.AppendUint(nil, n, 10)}, err
		}
		return item{is: isInteger, n: int64(n)}, err
	case 0xd0, 0xd1, 0xd2, 0xd3:
		size := 1 << (code - 0xd0)
		n, err := r.uint(size)
		shift := 64 - 8*size
		return item{is: isInteger, n: int64(n<<shift) >> shift}, err
	case 0xd9, 0xda, 0xdb:
		n, err := r.uint(1 << (code - 0xd9))
		if err != nil {
			return item{}, err
		}
		return r.string(n)
	case 0xdc, 0xdd:
		n, err := r.uint(2 << (code - 0xdc))
		return item{is: isArray, n: int64(n)}, err
	case 0xde, 0xdf:
		n, err := r.uint(2 << (code - 0xde))
		return item{is: isMap, n: int64(n)}, err
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8:
		return r.bigInteger(1 << (code - 0xd4))
	case 0xc7, 0xc8, 0xc9:
		n, err := r.uint(1 << (code - 0xc7))
		if err != nil {
			return item{}, err
		}
		return r.bigInteger(n)
	}
	return item{}, fmt.Errorf("MessagePack code %#02x is none of a value's", code)
}

// take takes bytes off.
func (r *reader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.rest)) {
		return nil, io.ErrUnexpectedEOF
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken, nil
}

// uint reads an unsigned integer of so many bytes.
func (r *reader) uint(size int) (uint64, error) {
	b, err := r.take(uint64(size))
	if err != nil {
		return 0, err
	}
	switch size {
	case 1:
		return uint64(b[0]), nil
	case 2:
		return uint64(binary.BigEndian.Uint16(b)), nil
	case 4:
		return uint64(binary.BigEndian.Uint32(b)), nil
	}
	return binary.BigEndian.Uint64(b), nil
}

func (r *reader) string(size uint64) (item, error) {
	text, err := r.take(size)
	if err == nil && !utf8.Valid(text) {
		err = fmt.Errorf("%.40q is not UTF-8", text)
	}
	return item{is: isString, text: text}, err
}

// bigInteger reads extension 1: the digits of an integer beyond 64 bits.
func (r *reader) bigInteger(size uint64) (item, error) {
	id, err := r.take(1)
	if err != nil {
		return item{}, err
	}
	if id[0] != 1 {
		return item{}, fmt.Errorf("MessagePack extension %d is not a big integer", int8(id[0]))
	}
	digits, err := r.take(size)
	if err != nil {
		return item{}, err
	}
	n, ok := new(big.Int).SetString(string(digits), 10)
	if !ok || n.String() != string(digits) || n.IsInt64() || n.IsUint64() {
		return item{}, fmt.Errorf("%.40q is not an integer beyond 64 bits", digits)
	}
	return item{is: isInteger, big: true, text: digits}, nil
}

// want reads an item that must be of a kind.
func (r *reader) want(is itemKind) (item, error) {
	it, err := r.next()
	if err == nil && it.is != is {
		err = fmt.Errorf("want %s, found %s", is, it.is)
	}
	return it, err
}

// natural reads an integer that is not negative.
func (r *reader) natural() (int64, error) {
	it, err := r.want(isInteger)
	if err == nil && (it.big || it.n < 0) {
		err = fmt.Errorf("it is %s, want an integer that is not negative", it.appendScalar(nil))
	}
	return it.n, err
}

// name reads a name that must be this one.
func (r *reader) name(want string) error {
	// Most names are short, and written so.
	if n := len(want); n < 32 && len(r.rest) > n && r.rest[0] == 0xa0|byte(n) && string(r.rest[1:n+1]) == want {
		r.rest = r.rest[n+1:]
		return nil
	}
	it, err := r.want(isString)
	if err == nil && string(it.text) != want {
		err = fmt.Errorf("field %.40q where %s belongs", it.text, want)
	}
	return err
}

// isNamed tells whether the next item is this string.
func (r *reader) isNamed(name string) bool {
	ahead := *r
	it, err := ahead.next()
	return err == nil && it.is == isString && string(it.text) == name
}

// text reads a string.
func (r *reader) text() (string, error) {
	it, err := r.want(isString)
	return string(it.text), err
}

// appendValue appends the canonical bytes of the next value, which is at a depth.
func (r *reader) appendValue(dst []byte, depth int) ([]byte, error) {
	it, err := r.next()
	if err != nil {
		return dst, err
	}
	return r.appendItem(dst, it, depth)
}

func (r *reader) appendItem(dst []byte, it item, depth int) (_ []byte, err error) {
	if depth > maxDepth {
		return dst, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	switch it.is {
	case isArray:
		dst = append(dst, '[')
		for i := range it.n {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = r.appendValue(dst, depth+1); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case isMap:
		dst = append(dst, '{')
		for last, i := []byte(nil), int64(0); i < it.n; i++ {
			name, err := r.memberName(last, i)
			if err != nil {
				return dst, err
			}
			if last = name; i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, name), ':')
			if dst, err = r.appendValue(dst, depth+1); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	}
	return it.appendScalar(dst), nil
}

// memberName reads the i-th name of a map, which must ascend from the last one.
func (r *reader) memberName(last []byte, i int64) ([]byte, error) {
	it, err := r.want(isString)
	if err == nil && i > 0 && string(it.text) <= string(last) {
		err = fmt.Errorf("name %.40q repeats or is out of order", it.text)
	}
	return it.text, err
}

func (it item) appendScalar(dst []byte) []byte {
	switch it.is {
	case isNull:
		return append(dst, "null"...)
	case isBool:
		return strconv.AppendBool(dst, it.n == 1)
	case isInteger:
		if it.big {
			return append(dst, it.text...)
		}
		return strconv.AppendInt(dst, it.n, 10)
	case isFloat:
		return appendFloat(dst, it.f)
	}
	return appendString(dst, it.text)
}

// skip passes over a value that is known to be good.
func (r *reader) skip() error {
	for left := int64(1); left > 0; left-- {
		it, err := r.next()
		switch {
		case err != nil:
			return err
		case it.is == isArray:
			left += it.n
		case it.is == isMap:
			left += 2 * it.n
		}
	}
	return nil
}

// tree reads the next value, which is at a depth.
func (r *reader) tree(depth int) (any, error) {
	it, err := r.next()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	switch it.is {
	case isNull:
		return nil, nil
	case isBool:
		return it.n == 1, nil
	case isInteger, isFloat:
		return json.Number(it.appendScalar(nil)), nil
	case isString:
		return string(it.text), nil
	case isArray:
		list := []any{}
		for range it.n {
			element, err := r.tree(depth + 1)
			if err != nil {
				return nil, err
			}
			list = append(list, element)
		}
		return list, nil
	}
	members := map[string]any{}
	for last, i := []byte(nil), int64(0); i < it.n; i++ {
		if last, err = r.memberName(last, i); err != nil {
			return nil, err
		}
		if members[string(last)], err = r.tree(depth + 1); err != nil {
			return nil, err
		}
	}
	return members, nil
}
