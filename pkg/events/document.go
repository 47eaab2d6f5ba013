package events

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
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
	return appendDocument(nil, reflect.Indirect(reflect.ValueOf(doc)))
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
	if err := readDocument(v, reflect.ValueOf(doc).Elem()); err != nil {
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

var (
	valueType  = reflect.TypeFor[canon.Value]()
	coversType = reflect.TypeFor[[]TickDigest]()

	marshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	unmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// placed is an error with the JSON pointer of the place where it is.
type placed struct {
	pointer string
	err     error
}

func (e *placed) Error() string { return e.pointer + ": " + e.err.Error() }
func (e *placed) Unwrap() error { return e.err }

// under moves an error one level down, as the recursion that found it is left. So a
// document without errors costs no pointers.
func under(name string, err error) error {
	if p, ok := err.(*placed); ok {
		return &placed{"/" + name + p.pointer, p.err}
	}
	return &placed{"/" + name, err}
}
