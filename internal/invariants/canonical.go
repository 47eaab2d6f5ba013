package invariants

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/tinylib/msgp/msgp"
)

// hash is the SHA-256 of {"name":[…]} with the canonical form of each item.
func hash(name string, items [][]byte) (string, error) {
	text := []byte(`{"` + name + `":[`)
	for i, item := range items {
		if i > 0 {
			text = append(text, ',')
		}
		var err error
		if text, _, err = appendCanonical(text, item); err != nil {
			return "", err
		}
	}
	sum := sha256.Sum256(append(text, "]}"...))
	return hex.EncodeToString(sum[:]), nil
}

// appendCanonical writes a value in MessagePack as Python's json.dumps would, and
// returns what follows it.
func appendCanonical(text, b []byte) (_, rest []byte, err error) {
	switch t := msgp.NextType(b); t {
	case msgp.MapType:
		return appendMap(text, b)
	case msgp.ArrayType:
		n, b, err := msgp.ReadArrayHeaderBytes(b)
		text = append(text, '[')
		for i := uint32(0); err == nil && i < n; i++ {
			if i > 0 {
				text = append(text, ',')
			}
			text, b, err = appendCanonical(text, b)
		}
		return append(text, ']'), b, err
	case msgp.StrType:
		s, b, err := msgp.ReadStringBytes(b)
		return appendString(text, s), b, err
	case msgp.IntType:
		n, b, err := msgp.ReadInt64Bytes(b)
		return strconv.AppendInt(text, n, 10), b, err
	case msgp.UintType:
		n, b, err := msgp.ReadUint64Bytes(b)
		return strconv.AppendUint(text, n, 10), b, err
	case msgp.Float64Type:
		f, b, err := msgp.ReadFloat64Bytes(b)
		return appendFloat(text, f), b, err
	case msgp.BoolType:
		v, b, err := msgp.ReadBoolBytes(b)
		return strconv.AppendBool(text, v), b, err
	case msgp.NilType:
		b, err := msgp.ReadNilBytes(b)
		return append(text, "null"...), b, err
	case msgp.ExtensionType:
		digits := msgp.RawExtension{Type: 1}
		b, err := msgp.ReadExtensionBytes(b, &digits)
		return append(text, digits.Data...), b, err
	default:
		return nil, nil, fmt.Errorf("a %v has no canonical form", t)
	}
}

func appendMap(text, b []byte) (_, rest []byte, err error) {
	rest, err = msgp.Skip(b)
	if err != nil {
		return nil, nil, err
	}
	fields, err := readMap(b[:len(b)-len(rest)])
	if err != nil {
		return nil, nil, err
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	text = append(text, '{')
	for i, name := range names {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(appendString(text, name), ':')
		if text, _, err = appendCanonical(text, fields[name]); err != nil {
			return nil, nil, err
		}
	}
	return append(text, '}'), rest, nil
}

var escapes = map[byte]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`}

func appendString(text []byte, s string) []byte {
	text = append(text, '"')
	for i := range len(s) {
		if escaped, ok := escapes[s[i]]; ok {
			text = append(text, escaped...)
		} else if s[i] < ' ' {
			text = fmt.Appendf(text, `\u%04x`, s[i])
		} else {
			text = append(text, s[i])
		}
	}
	return append(text, '"')
}

func appendFloat(text []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(text, "NaN"...)
	case math.IsInf(f, 1):
		return append(text, "Infinity"...)
	case math.IsInf(f, -1):
		return append(text, "-Infinity"...)
	}
	scientific := strconv.FormatFloat(f, 'e', -1, 64)
	_, exponent, _ := strings.Cut(scientific, "e")
	if n, err := strconv.Atoi(exponent); err == nil && (n < -4 || n >= 16) {
		return append(text, scientific...)
	}
	plain := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(plain, ".") {
		plain += ".0"
	}
	return append(text, plain...)
}
