package canon

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// appendReflect handles the kinds that have a canonical form whatever their type's
// name, and refuses the others.
func appendReflect(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	switch v.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(dst, v.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return AppendFloat(dst, v.Float()), nil
	case reflect.String:
		return AppendString(dst, v.String())
	case reflect.Slice, reflect.Array:
		if v.Type().Elem() == reflect.TypeFor[byte]() {
			return dst, noForm(v.Type(), "make it a string, in hex or base64 if it is not text")
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = v.Index(i).Interface()
		}
		return appendArray(dst, list, depth, appendAny)
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			return dst, noForm(v.Type(), "the keys must be strings")
		}
		m := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			m[it.Key().String()] = it.Value().Interface()
		}
		return appendObject(dst, m, depth, appendAny)
	case reflect.Struct:
		return dst, noForm(v.Type(), "make it a map[string]any, or implement canon.Marshaler")
	case reflect.Pointer:
		return dst, noForm(v.Type(), "give what it points to")
	}
	return dst, noForm(v.Type(), "leave it out")
}

func noForm(t reflect.Type, advice string) error {
	return fmt.Errorf("%s has no canonical form: %s", t, advice)
}

var errDepth = fmt.Errorf("nested deeper than %d levels: is there a cycle?", MaxDepth)

// pathError says where in a value err is.
type pathError struct {
	path string // JSON pointer
	err  error
}

// inside puts one step in front of the path of err.
func inside(step string, err error) error {
	step = "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step)
	if p, ok := err.(*pathError); ok { // not a wrapped one: its path starts elsewhere
		p.path = step + p.path
		return p
	}
	return &pathError{step, err}
}

func (e *pathError) Unwrap() error { return e.err }

func (e *pathError) Error() string {
	path := e.path
	if len(path) > 120 {
		path = path[:60] + "…" + path[len(path)-30:]
	}
	return fmt.Sprintf("at %q: %v", path, e.err)
}
