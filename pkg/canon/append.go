package canon

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// MaxDepth is how deep arrays and objects may be nested. It makes an error of a
// cycle in a Go value, and bounds the stack that hostile text can take.
const MaxDepth = 1000

// Marshaler is implemented by types that say themselves what they are canonically,
// structs above all. The result is any value that [Append] accepts.
type Marshaler interface {
	CanonicalValue() (any, error)
}

// Of returns the canonical form of a Go value; see [Append].
func Of(v any) (Value, error) {
	switch v := v.(type) { // what tasks return most costs no buffer
	case nil:
		return Null, nil
	case bool:
		return Value(strconv.FormatBool(v)), nil
	case int:
		return Value(strconv.Itoa(v)), nil
	case int64:
		return Value(strconv.FormatInt(v, 10)), nil
	case Value:
		if v != "" {
			return v, nil
		}
	}
	b, err := Append(make([]byte, 0, 128), v)
	if err != nil {
		return "", err
	}
	return Value(b), nil
}

// Append appends the canonical bytes of v. It accepts
//
//   - nil, bool, string, all integers and *big.Int, float32 (as the float64 that
//     it equals) and float64, json.Number (as the number that it spells),
//   - Value, which is copied as it is,
//   - slices and arrays of what it accepts, and maps of that with string keys,
//   - types derived from these,
//   - types that implement [Marshaler].
//
// A nil slice or map is an empty one. Anything else has no canonical form:
// []byte, pointers, structs, functions, channels, complex numbers, other maps;
// nor have invalid UTF-8, the Value "", and what is nested deeper than
// [MaxDepth], where a Marshaler counts as one level. The error then says where
// in v, as a JSON pointer, and which Go type; it is the same one each time. On
// error dst is returned as it was.
func Append(dst []byte, v any) ([]byte, error) {
	out, err := appendAny(dst, v, 0)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// appendAny may return a dst that is half written when it fails.
func appendAny(dst []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return AppendString(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case uint64:
		return strconv.AppendUint(dst, v, 10), nil
	case float64:
		return AppendFloat(dst, v), nil
	case Value:
		return appendValue(dst, v, depth)
	case map[string]any:
		return appendObject(dst, v, depth, appendAny)
	case map[string]string:
		return appendObject(dst, v, depth, appendText)
	case map[string]Value:
		return appendObject(dst, v, depth, appendValue)
	case []any:
		return appendArray(dst, v, depth, appendAny)
	case []string:
		return appendArray(dst, v, depth, appendText)
	case []Value:
		return appendArray(dst, v, depth, appendValue)
	case *big.Int:
		if v == nil {
			return dst, errors.New("a nil *big.Int has no canonical form")
		}
		return v.Append(dst, 10), nil
	case json.Number:
		return appendNumber(dst, v)
	case Marshaler:
		return appendMarshaler(dst, v, depth)
	}
	return appendReflect(dst, reflect.ValueOf(v), depth)
}

func appendText(dst []byte, s string, _ int) ([]byte, error) { return AppendString(dst, s) }

// AppendFloat appends the canonical form of a float.
func AppendFloat(dst []byte, f float64) []byte {
	switch abs := math.Abs(f); {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case abs > math.MaxFloat64:
		if f < 0 {
			dst = append(dst, '-')
		}
		return append(dst, "Infinity"...)
	case f != 0 && (abs < 1e-4 || abs >= 1e16):
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if f == math.Trunc(f) {
		dst = append(dst, ".0"...)
	}
	return dst
}

// appendValue copies v. What it holds must not become nested too deep here, or
// the result would be text that Parse refuses.
func appendValue(dst []byte, v Value, depth int) ([]byte, error) {
	if v == "" {
		return dst, errors.New(`the canon.Value "" is not a value; null is canon.Null`)
	}
	if depth > 0 && depth+len(v)/2 > MaxDepth && depth+v.Depth() > MaxDepth {
		return dst, errDepth
	}
	return append(dst, v...), nil
}

func appendNumber(dst []byte, n json.Number) ([]byte, error) {
	v, err := Parse([]byte(n))
	if k := v.Kind(); err != nil || k != Int && k != Float {
		return dst, fmt.Errorf("the json.Number %q is not a number", string(n))
	}
	return append(dst, v...), nil
}

func appendMarshaler(dst []byte, m Marshaler, depth int) ([]byte, error) {
	if rv := reflect.ValueOf(m); rv.Kind() == reflect.Pointer && rv.IsNil() {
		return dst, fmt.Errorf("a nil %T has no canonical form", m)
	}
	if depth >= MaxDepth {
		return dst, errDepth
	}
	v, err := m.CanonicalValue()
	if err != nil {
		return dst, fmt.Errorf("%T: %w", m, err)
	}
	return appendAny(dst, v, depth+1)
}

func appendArray[V any](dst []byte, list []V, depth int, write func([]byte, V, int) ([]byte, error)) ([]byte, error) {
	if depth >= MaxDepth {
		return dst, errDepth
	}
	dst = append(dst, '[')
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = write(dst, v, depth+1); err != nil {
			return dst, inside(strconv.Itoa(i), err)
		}
	}
	return append(dst, ']'), nil
}

func appendObject[V any](dst []byte, m map[string]V, depth int, write func([]byte, V, int) ([]byte, error)) ([]byte, error) {
	if depth >= MaxDepth {
		return dst, errDepth
	}
	type member struct {
		name  string
		value V
	}
	var buf [12]member // most objects have fewer members: no allocation
	members := buf[:0]
	for name, v := range m {
		members = append(members, member{name, v})
	}
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })

	dst = append(dst, '{')
	for i := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = AppendString(dst, members[i].name); err != nil {
			return dst, fmt.Errorf("name of a member: %w", err)
		}
		dst = append(dst, ':')
		if dst, err = write(dst, members[i].value, depth+1); err != nil {
			return dst, inside(members[i].name, err)
		}
	}
	return append(dst, '}'), nil
}
