package events

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"abraxas.dev/ers/pkg/canon"
)

// document is what a JSON document of the bus adds to its fields: the schema that
// a reader must find before it looks at anything else, and the checks that types
// alone do not make.
type document interface {
	schema() string
	check() error
}

// ErrSchema is wrapped by the error for a document of another version or kind.
var ErrSchema = errors.New("unknown schema")

// Encode returns the canonical JSON of a document of this package: a
// [WindowRequest], [Digest], [Verdict] or [TraceEvent], or a pointer to one.
func Encode(doc any) ([]byte, error) {
	return appendDocument(nil, reflect.Indirect(reflect.ValueOf(doc)), "")
}

// Decode reads the JSON of a document of this package into doc, a pointer. It is
// strict: exactly one JSON value whose members are exactly the fields, each once
// and of its type and in its range. The error names the JSON pointer of the first
// offence. On error doc may be half filled.
func Decode(data []byte, doc any) error {
	v, err := canon.Parse(data)
	if err != nil {
		return err
	}
	return decodeValue(v, doc)
}

func decodeValue(v canon.Value, doc any) error {
	d, isDocument := doc.(document)
	if isDocument && d.schema() != "" {
		if err := checkSchema(v, d.schema()); err != nil {
			return err
		}
	}
	if err := readDocument(v, reflect.ValueOf(doc).Elem(), ""); err != nil {
		return err
	}
	if isDocument {
		return d.check()
	}
	return nil
}

func checkSchema(v canon.Value, want string) error {
	if v.Kind() != canon.Object {
		return fmt.Errorf("want an object of schema %s, found %s", want, article(v.Kind()))
	}
	for name, member := range v.Members() {
		if name == "schema" {
			if got, ok := member.Text(); !ok || got != want {
				return fmt.Errorf("%w %s: this reader knows %s", ErrSchema, member, want)
			}
			return nil
		}
	}
	return fmt.Errorf("/schema: missing: want %q", want)
}

// field is one member of a document type.
type field struct {
	name     string
	index    []int
	optional bool // left out when zero
}

var fieldCache sync.Map // reflect.Type → []field

// fieldsOf lists the members of a struct type by name, those of embedded structs
// among them.
func fieldsOf(t reflect.Type) []field {
	if cached, ok := fieldCache.Load(t); ok {
		return cached.([]field)
	}
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields = append(fields, field{name, f.Index, option == "omitempty"})
		}
	}
	slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	fieldCache.Store(t, fields)
	return fields
}

var valueType = reflect.TypeFor[canon.Value]()

// appendDocument appends the canonical bytes of a Go value. path is its JSON pointer.
func appendDocument(dst []byte, v reflect.Value, path string) ([]byte, error) {
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		if err != nil {
			return dst, fmt.Errorf("%s: %w", path, err)
		}
		return canon.AppendString(dst, string(text))
	}
	switch v.Kind() {
	case reflect.Struct:
		return appendStruct(dst, v, path)
	case reflect.Slice:
		if covers, ok := v.Interface().([]TickDigest); ok {
			return appendCovers(dst, covers), nil
		}
		dst = append(dst, '[')
		for i := range v.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = appendDocument(dst, v.Index(i), path+"/"+strconv.Itoa(i)); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case reflect.Pointer:
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		return appendDocument(dst, v.Elem(), path)
	}
	dst, err := canon.Append(dst, v.Interface())
	if err != nil {
		return dst, fmt.Errorf("%s: %w", path, err)
	}
	return dst, nil
}

func appendStruct(dst []byte, v reflect.Value, path string) ([]byte, error) {
	dst = append(dst, '{')
	first := true
	for _, f := range fieldsOf(v.Type()) {
		member := v.FieldByIndex(f.index)
		if f.optional && member.IsZero() {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, '"')
		dst = append(dst, f.name...) // tags are plain ASCII
		dst = append(dst, '"', ':')
		var err error
		if dst, err = appendDocument(dst, member, path+"/"+f.name); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// readDocument reads a canonical value into a Go value. path is its JSON pointer.
func readDocument(v canon.Value, into reflect.Value, path string) error {
	if into.Type() == valueType {
		into.SetString(string(v))
		return nil
	}
	if u, ok := into.Addr().Interface().(encoding.TextUnmarshaler); ok {
		text, ok := v.Text()
		if !ok {
			return mismatch(path, "a string", v)
		}
		if err := u.UnmarshalText([]byte(text)); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	}
	switch into.Kind() {
	case reflect.Struct:
		return readStruct(v, into, path)
	case reflect.Slice:
		return readSlice(v, into, path)
	case reflect.Pointer:
		if v == canon.Null {
			into.SetZero()
			return nil
		}
		into.Set(reflect.New(into.Type().Elem()))
		return readDocument(v, into.Elem(), path)
	case reflect.String:
		text, ok := v.Text()
		if !ok {
			return mismatch(path, "a string", v)
		}
		into.SetString(text)
	case reflect.Bool:
		if v != "true" && v != "false" {
			return mismatch(path, "a boolean", v)
		}
		into.SetBool(v == "true")
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(string(v), 10, 64)
		if v.Kind() != canon.Int || err != nil {
			return mismatch(path, "an integer of 64 bits", v)
		}
		into.SetInt(n)
	case reflect.Uint64:
		n, err := strconv.ParseUint(string(v), 10, 64)
		if v.Kind() != canon.Int || err != nil {
			return mismatch(path, "an integer of 64 bits that is not negative", v)
		}
		into.SetUint(n)
	default:
		return fmt.Errorf("%s: a field of type %s has no JSON form", path, into.Type())
	}
	return nil
}

func readStruct(v canon.Value, into reflect.Value, path string) error {
	if v.Kind() != canon.Object {
		return mismatch(path, "an object", v)
	}
	// Members and fields are both sorted: walk them side by side.
	fields := fieldsOf(into.Type())
	for name, member := range v.Members() {
		for len(fields) > 0 && fields[0].name < name {
			if !fields[0].optional {
				return fmt.Errorf("%s/%s: missing", path, fields[0].name)
			}
			fields = fields[1:]
		}
		if len(fields) == 0 || fields[0].name != name {
			return fmt.Errorf("%s/%s: unknown field", path, name)
		}
		field := into.FieldByIndex(fields[0].index)
		if err := readDocument(member, field, path+"/"+name); err != nil {
			return err
		}
		if fields[0].optional && field.IsZero() {
			return fmt.Errorf("%s/%s: empty: leave it out", path, name)
		}
		fields = fields[1:]
	}
	for _, f := range fields {
		if !f.optional {
			return fmt.Errorf("%s/%s: missing", path, f.name)
		}
	}
	return nil
}

func readSlice(v canon.Value, into reflect.Value, path string) error {
	if v.Kind() != canon.Array {
		return mismatch(path, "an array", v)
	}
	list := reflect.MakeSlice(into.Type(), 0, 0)
	for element := range v.Elements() {
		item := reflect.New(into.Type().Elem()).Elem()
		if err := readDocument(element, item, path+"/"+strconv.Itoa(list.Len())); err != nil {
			return err
		}
		list = reflect.Append(list, item)
	}
	into.Set(list)
	return nil
}

func mismatch(path, want string, v canon.Value) error {
	if path == "" {
		return fmt.Errorf("want %s, found %s", want, article(v.Kind()))
	}
	return fmt.Errorf("%s: want %s, found %s", path, want, article(v.Kind()))
}

// article puts the right article before a kind's name.
func article(k canon.Kind) string {
	name := k.String()
	switch name[0] {
	case 'a', 'e', 'i', 'o', 'u':
		return "an " + name
	}
	return "a " + name
}
