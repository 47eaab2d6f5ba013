package events

import (
	"encoding"
	"reflect"
	"strconv"

	"abraxas.dev/ers/pkg/canon"
)

// appendDocument appends the canonical bytes of a Go value. Its errors are placed by
// [under].
func appendDocument(dst []byte, v reflect.Value) ([]byte, error) {
	t := v.Type()
	kind := t.Kind()
	if t.PkgPath() != "" && t != valueType && t.Implements(marshalerType) {
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return dst, err
		}
		return canon.AppendString(dst, string(text))
	}
	switch kind {
	case reflect.Struct:
		return appendStruct(dst, v)
	case reflect.Slice:
		return appendSlice(dst, v)
	case reflect.Pointer:
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		return appendDocument(dst, v.Elem())
	case reflect.Bool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case reflect.Int, reflect.Int64:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case reflect.Uint64:
		return strconv.AppendUint(dst, v.Uint(), 10), nil
	case reflect.String:
		if t != valueType {
			return canon.AppendString(dst, v.String())
		}
	}
	return canon.Append(dst, v.Interface())
}

func appendSlice(dst []byte, v reflect.Value) ([]byte, error) {
	if v.Type() == coversType {
		return appendCovers(dst, v.Interface().([]TickDigest)), nil
	}
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendDocument(dst, v.Index(i)); err != nil {
			return dst, under(strconv.Itoa(i), err)
		}
	}
	return append(dst, ']'), nil
}

func appendStruct(dst []byte, v reflect.Value) ([]byte, error) {
	dst = append(dst, '{')
	first := true
	fields := fieldsOf(v.Type())
	for i := range fields {
		f := &fields[i]
		member := v.FieldByIndex(f.index)
		if f.optional && isEmpty(member) {
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
		if dst, err = appendDocument(dst, member); err != nil {
			return dst, under(f.name, err)
		}
	}
	return append(dst, '}'), nil
}
