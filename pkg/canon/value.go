package canon

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// Value is a value in canonical form: its canonical bytes, immutable. Two values
// are equal exactly when they are == . The zero Value "" is not a value at all; null
// is [Null]. Make one with [Of] or [Parse].
//
// The methods take it that a Value is canonical. On other strings they do not
// panic, but what they return means nothing; see [Value.IsCanonical].
type Value string

// Null is the canonical null.
const Null Value = "null"

// Kind is the type of a value.
type Kind uint8

// The kinds. Invalid is that of "" and of what cannot be a value; the kind of
// [Null] is KindNull.
const (
	Invalid Kind = iota
	KindNull
	Bool
	Int
	Float
	String
	Array
	Object
)

var kindNames = [...]string{"invalid", "null", "boolean", "integer", "float", "string", "array", "object"}

// String returns the name of the kind as it reads in errors: null, boolean,
// integer, float, string, array, object, or invalid.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Kind returns the type of v.
func (v Value) Kind() Kind {
	if v == "" {
		return Invalid
	}
	switch v[0] {
	case 'n':
		return KindNull
	case 't', 'f':
		return Bool
	case '"':
		return String
	case '[':
		return Array
	case '{':
		return Object
	case 'N', 'I':
		return Float
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if strings.ContainsAny(string(v), ".eI") {
			return Float
		}
		return Int
	}
	return Invalid
}

// IsCanonical tells whether v is in canonical form, which it need not be when it
// was made from bytes in another way than [Of] or [Parse].
func (v Value) IsCanonical() bool {
	w, err := Parse([]byte(v))
	return err == nil && v == w
}

// Standard tells whether v is also JSON as RFC 8259 has it: holds no NaN, Infinity
// or -Infinity.
func (v Value) Standard() bool {
	for i := 0; i < len(v); {
		switch v[i] {
		case '"':
			i = v.stringEnd(i)
			continue
		case 'N', 'I':
			return false
		}
		i++
	}
	return true
}

// Text returns the content of a string; false for other kinds.
func (v Value) Text() (string, bool) {
	if len(v) < 2 || v[0] != '"' || v[len(v)-1] != '"' {
		return "", false
	}
	s := string(v[1 : len(v)-1])
	if strings.IndexByte(s, '\\') < 0 {
		return s, true
	}
	return string(appendUnescaped(make([]byte, 0, len(s)), s)), true
}

// Int returns an integer; false for other kinds and when it is too large.
func (v Value) Int() (int64, bool) {
	if v.Kind() != Int {
		return 0, false
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	return n, err == nil
}

// Elements yields the elements of an array, as parts of v: nothing is copied.
// Other kinds have none.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != Array {
			return
		}
		for i := 1; i < len(v) && v[i] != ']'; {
			end := v.end(i)
			if !yield(v[i:end]) {
				return
			}
			i = end + 1 // behind the comma
		}
	}
}

// Members yields the names and values of an object in order, the values as parts
// of v: nothing is copied. Other kinds have none.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Object {
			return
		}
		for i := 1; i < len(v) && v[i] == '"'; {
			colon := v.stringEnd(i)
			name, _ := v[i:colon].Text()
			start := min(colon+1, len(v))
			end := v.end(start)
			if !yield(name, v[start:end]) {
				return
			}
			i = end + 1
		}
	}
}

// stringEnd returns the index after the string that begins at i.
func (v Value) stringEnd(i int) int {
	for i++; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(v)
}

// end returns the index after the value that begins at i: of the comma, bracket or
// brace that follows it.
func (v Value) end(i int) int {
	for depth := 0; i < len(v); {
		switch v[i] {
		case '"':
			i = v.stringEnd(i)
			continue
		case '[', '{':
			depth++
		case ']', '}', ',':
			if depth == 0 {
				return i
			}
			if v[i] != ',' {
				depth--
			}
		}
		i++
	}
	return len(v)
}

// Depth returns how deep v is nested: 0 for a scalar, 1 for [1].
func (v Value) Depth() int {
	depth, deepest := 0, 0
	for i := 0; i < len(v); {
		switch v[i] {
		case '"':
			i = v.stringEnd(i)
			continue
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth--
		}
		i++
	}
	return deepest
}
