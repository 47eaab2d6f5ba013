package events

import (
	"fmt"
	"math"
	"strconv"

	"github.com/tinylib/msgp/msgp"

	"abraxas.dev/ers/pkg/canon"
)

// The MessagePack form of values, and its reverse. A value has one form: maps have
// their keys in code point order, floats are float 64, integers are int or uint, and
// an integer beyond 64 bits is extension type 1 with its decimal digits.
const bigIntExtension = 1

// appendMsgpack appends the MessagePack form of a canonical value.
func appendMsgpack(dst []byte, v canon.Value) ([]byte, error) {
	switch v.Kind() {
	case canon.KindNull:
		return msgp.AppendNil(dst), nil
	case canon.Bool:
		return msgp.AppendBool(dst, v == "true"), nil
	case canon.Int:
		return appendMsgpackInt(dst, string(v))
	case canon.Float:
		f, err := parseFloat(string(v))
		return msgp.AppendFloat64(dst, f), err
	case canon.String:
		s, ok := v.Text()
		if !ok {
			return dst, fmt.Errorf("%.40q is not a canonical string", string(v))
		}
		return msgp.AppendString(dst, s), nil
	case canon.Array:
		start, n := len(dst), uint32(0)
		for element := range v.Elements() {
			var err error
			if dst, err = appendMsgpack(dst, element); err != nil {
				return dst, err
			}
			n++
		}
		return insertHeader(dst, start, msgp.AppendArrayHeader(nil, n)), nil
	case canon.Object:
		start, n := len(dst), uint32(0)
		for name, member := range v.Members() {
			var err error
			if dst, err = appendMsgpack(msgp.AppendString(dst, name), member); err != nil {
				return dst, err
			}
			n++
		}
		return insertHeader(dst, start, msgp.AppendMapHeader(nil, n)), nil
	}
	return dst, fmt.Errorf("%.40q is not a canonical value", string(v))
}

// insertHeader puts a header before what was appended since start.
func insertHeader(dst []byte, start int, header []byte) []byte {
	dst = append(dst, header...)
	copy(dst[start+len(header):], dst[start:])
	copy(dst[start:], header)
	return dst
}

func appendMsgpackInt(dst []byte, digits string) ([]byte, error) {
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return msgp.AppendInt64(dst, n), nil
	}
	if n, err := strconv.ParseUint(digits, 10, 64); err == nil {
		return msgp.AppendUint64(dst, n), nil
	}
	return msgp.AppendExtension(dst, &msgp.RawExtension{Type: bigIntExtension, Data: []byte(digits)})
}

func parseFloat(s string) (float64, error) {
	switch s {
	case "NaN":
		return math.NaN(), nil
	case "Infinity":
		return math.Inf(1), nil
	case "-Infinity":
		return math.Inf(-1), nil
	}
	return strconv.ParseFloat(s, 64)
}
