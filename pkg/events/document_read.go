package events

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"abraxas.dev/ers/pkg/canon"
)

// readDocument reads a canonical value into a Go value. Its errors are placed by
// [under].
func readDocument(v canon.Value, into reflect.Value) error {
	t := into.Type()
	if t == valueType {
		into.SetString(string(v))
		return nil
	}
	if t.PkgPath() != "" && reflect.PointerTo(t).Implements(unmarshalerType) {
		text, ok := v.Text()
		if !ok {
			return mismatch("a string", v)
		}
		return into.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	}
	switch t.Kind() {
	case reflect.Struct:
		return readStruct(v, into)
	case reflect.Slice:
		return readSlice(v, into)
	case reflect.Pointer:
		if v == canon.Null {
			into.SetZero()
			return nil
		}
		into.Set(reflect.New(t.Elem()))
		return readDocument(v, into.Elem())
	}
	return readScalar(v, into)
}

func readScalar(v canon.Value, into reflect.Value) error {
	switch into.Kind() {
	case reflect.String:
		text, ok := v.Text()
		if !ok {
			return mismatch("a string", v)
		}
		into.SetString(text)
	case reflect.Bool:
		if v != "true" && v != "false" {
			return mismatch("a boolean", v)
		}
		into.SetBool(v == "true")
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(string(v), 10, 64)
		if v.Kind() != canon.Int || err != nil {
			return mismatch("an integer of 64 bits", v)
		}
		into.SetInt(n)
	case reflect.Uint64:
		n, err := strconv.ParseUint(string(v), 10, 64)
		if v.Kind() != canon.Int || err != nil {
			return mismatch("an integer of 64 bits that is not negative", v)
		}
		into.SetUint(n)
	default:
		return fmt.Errorf("a field of type %s has no JSON form", into.Type())
	}
	return nil
}

var errMissing = errors.New("missing")

func readStruct(v canon.Value, into reflect.Value) error {
	if v.Kind() != canon.Object {
		return mismatch("an object", v)
	}
	// Members and fields are both sorted: walk them side by side.
	fields := fieldsOf(into.Type())
	for name, member := range v.Members() {
		for len(fields) > 0 && fields[0].name < name {
			if !fields[0].optional {
				return under(fields[0].name, errMissing)
			}
			fields = fields[1:]
		}
		if len(fields) == 0 || fields[0].name != name {
			return under(name, errors.New("unknown field"))
		}
		field := into.FieldByIndex(fields[0].index)
		if err := readDocument(member, field); err != nil {
			return under(name, err)
		}
		if fields[0].optional && isEmpty(field) {
			return under(name, errors.New("empty: leave it out"))
		}
		fields = fields[1:]
	}
	for _, f := range fields {
		if !f.optional {
			return under(f.name, errMissing)
		}
	}
	return nil
}

// isEmpty tells whether an optional field says nothing, so that it must be left out.
func isEmpty(v reflect.Value) bool { return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 }

func readSlice(v canon.Value, into reflect.Value) error {
	if v.Kind() != canon.Array {
		return mismatch("an array", v)
	}
	list := reflect.MakeSlice(into.Type(), 0, 0)
	for element := range v.Elements() {
		item := reflect.New(into.Type().Elem()).Elem()
		if err := readDocument(element, item); err != nil {
			return under(strconv.Itoa(list.Len()), err)
		}
		list = reflect.Append(list, item)
	}
	into.Set(list)
	return nil
}

func mismatch(want string, v canon.Value) error {
	return fmt.Errorf("want %s, found %s", want, article(v.Kind()))
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
