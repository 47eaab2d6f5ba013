package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A tree is a value as it was read: nil, bool, json.Number, string, []any or
// map[string]any. A number is kept as its canonical text, so that 1 and 1.0 stay two
// values and no digit is lost.

// maxDepth is how deep values may nest.
const maxDepth = 1000

// canonical writes a tree as ers-c14n/1 has it.
func canonical(tree any) string { return string(appendTree(nil, tree)) }

func appendTree(dst []byte, tree any) []byte {
	switch v := tree.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case json.Number:
		return append(dst, v...)
	case raw:
		return append(dst, v...)
	case string:
		return appendString(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, element := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendTree(dst, element)
		}
		return append(dst, ']')
	case map[string]any:
		dst = append(dst, '{')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendTree(append(appendString(dst, name), ':'), v[name])
		}
		return append(dst, '}')
	}
	panic(fmt.Sprintf("audit: a tree with a %T", tree))
}

// escapes are the short forms of what is escaped in a string.
var escapes = map[byte]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`}

// appendString appends a string, which is UTF-8, between quotes.
func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	plain := 0 // where what is to be copied as it is begins
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[plain:i]...)
		plain = i + 1
		if short, ok := escapes[c]; ok {
			dst = append(dst, short...)
		} else {
			dst = fmt.Appendf(dst, `\u%04x`, c)
		}
	}
	return append(append(dst, s[plain:]...), '"')
}

// appendFloat appends the canonical text of a float: Python's repr.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	var room [32]byte
	scientific := strconv.AppendFloat(room[:0], f, 'e', -1, 64)
	exponent := scientific[bytes.IndexByte(scientific, 'e')+1:]
	if e, _ := strconv.Atoi(string(exponent)); e < -4 || e >= 16 {
		return append(dst, scientific...)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if !bytes.Contains(dst[start:], []byte(".")) {
		dst = append(dst, ".0"...)
	}
	return dst
}

// kindOf names the type of a tree. Integers and floats are two types.
func kindOf(tree any) string {
	switch v := tree.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		if strings.ContainsAny(string(v), ".eEIN") {
			return "float"
		}
		return "integer"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "nothing"
}

// parseJSON reads one JSON value in which no object has a name twice.
func parseJSON(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	tree, err := parseTree(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the end of the JSON value")
	}
	return tree, nil
}

func parseTree(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			element, err := parseTree(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, element)
		}
		_, err = d.Token()
		return list, err
	case json.Delim('{'):
		members := map[string]any{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			if _, again := members[name.(string)]; again { // the decoder refuses other names
				return nil, fmt.Errorf("the name %.40q stands twice in an object", name)
			}
			if members[name.(string)], err = parseTree(d, depth+1); err != nil {
				return nil, err
			}
		}
		_, err = d.Token()
		return members, err
	}
	return token, nil
}

// treeOf is the tree of a document of this package.
func treeOf(doc any) (any, error) {
	data, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	return parseJSON(data)
}

// missing stands for what one of two trees does not have.
type missing struct{}

// firstDifference follows two trees down to the first place where they differ, in
// the order of names and indices. It returns the place as a JSON pointer, and what
// stands there. ok is false when the trees are equal.
func firstDifference(a, b any) (at string, x, y any, ok bool) {
	return differenceWithin(math.MaxInt, a, b)
}

// differenceWithin is firstDifference, but stops above a step that would make at
// longer than room.
func differenceWithin(room int, a, b any) (at string, x, y any, ok bool) {
	if a, isMap := a.(map[string]any); isMap {
		if b, isMap := b.(map[string]any); isMap {
			for _, name := range names(a, b) {
				step := "/" + escape.Replace(name)
				if at, x, y, ok = differenceWithin(room-len(step), member(a, name), member(b, name)); ok && len(step) > room {
					return "", a, b, true
				} else if ok {
					return step + at, x, y, true
				}
			}
			return "", nil, nil, false
		}
	}
	if a, isList := a.([]any); isList {
		if b, isList := b.([]any); isList {
			for i := range max(len(a), len(b)) {
				step := "/" + strconv.Itoa(i)
				if at, x, y, ok = differenceWithin(room-len(step), element(a, i), element(b, i)); ok && len(step) > room {
					return "", a, b, true
				} else if ok {
					return step + at, x, y, true
				}
			}
			return "", nil, nil, false
		}
	}
	return "", a, b, kindOf(a) != kindOf(b) || a != b // of one kind they are scalars, or nothing
}

// escape makes a reference token of a JSON pointer out of a name.
var escape = strings.NewReplacer("~", "~0", "/", "~1")

// names lists the names that some of the objects have, sorted.
func names(objects ...map[string]any) (list []string) {
	for _, object := range objects {
		list = slices.AppendSeq(list, maps.Keys(object))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func member(m map[string]any, name string) any {
	if v, ok := m[name]; ok {
		return v
	}
	return missing{}
}

func element(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return missing{}
}

// show is a tree in a message to people.
func show(tree any) string {
	const most = 80
	if tree == (missing{}) {
		return "nothing"
	}
	text := canonical(tree)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
