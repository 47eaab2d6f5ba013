package starlark

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"go.starlark.net/starlark"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/scheduler"
)

// toStarlark returns the Starlark value of a canonical one.
func toStarlark(v canon.Value) (starlark.Value, error) {
	switch v.Kind() {
	case canon.Array:
		var items []starlark.Value
		for element := range v.Elements() {
			item, err := toStarlark(element)
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		return starlark.NewList(items), nil
	case canon.Object:
		d := new(starlark.Dict)
		for name, value := range v.Members() {
			item, err := toStarlark(value)
			if err != nil {
				return nil, err
			}
			if err := d.SetKey(starlark.String(name), item); err != nil {
				return nil, err
			}
		}
		return d, nil
	}
	x, err := v.Decode()
	if err != nil {
		return nil, err
	}
	switch x := x.(type) {
	case bool:
		return starlark.Bool(x), nil
	case int64:
		return starlark.MakeInt64(x), nil
	case *big.Int:
		return starlark.MakeBigInt(x), nil
	case float64:
		return starlark.Float(x), nil
	case string:
		return starlark.String(x), nil
	}
	return starlark.None, nil
}

// fromStarlark returns what [canon.Of] makes the canonical form of a Starlark value
// from. The error continues "the value …" and names the path to what has none.
func fromStarlark(v starlark.Value) (any, error) {
	out := outward{room: scheduler.MaxValue}
	x, err := out.value(v)
	if err == nil && out.room < 0 {
		err = errTooLarge
	}
	return x, err
}

var errTooLarge = fmt.Errorf("takes more than the %d canonical bytes that are allowed", scheduler.MaxValue)

// outward converts one result. A list that holds another several times can spell
// out to any size, and a list can hold itself: hence the bounds.
type outward struct {
	path []step // to the value that is being converted
	room int    // canonical bytes that are left, or more
}

// step goes from a list or dict into it.
type step struct {
	key   string
	index int // in a list; -1 for the key
}

// fail makes the error for the value at the path, which it gives as JSON pointer.
func (o *outward) fail(format string, args ...any) error {
	var path strings.Builder
	for _, s := range o.path {
		path.WriteByte('/')
		if s.index >= 0 {
			path.WriteString(strconv.Itoa(s.index))
		} else {
			path.WriteString(s.key)
		}
	}
	at := ""
	if path.Len() > 0 {
		at = fmt.Sprintf("at %.120q: ", path.String())
	}
	return fmt.Errorf("has no canonical form: %s%s", at, fmt.Sprintf(format, args...))
}

func (o *outward) value(v starlark.Value) (any, error) {
	switch o.room--; {
	case o.room < 0:
		return nil, errTooLarge
	case len(o.path) > canon.MaxDepth:
		return nil, o.fail("nested deeper than %d levels: is there a cycle?", canon.MaxDepth)
	}
	switch v := v.(type) {
	case starlark.NoneType:
		return nil, nil
	case starlark.Bool:
		return bool(v), nil
	case starlark.Int:
		if i, ok := v.Int64(); ok {
			return i, nil
		}
		i := v.BigInt()
		o.room -= i.BitLen() / 4 // a digit takes 3.3 bits
		return i, nil
	case starlark.Float:
		return float64(v), nil
	case starlark.String:
		o.room -= len(v)
		return string(v), nil
	case *starlark.List:
		return o.list(v)
	case starlark.Tuple:
		return o.list(v)
	case *starlark.Dict:
		return o.dict(v)
	}
	return nil, o.fail("a value of type %s: want None, a bool, int, float, string, list or dict", v.Type())
}

// member converts what stands one step further in.
func (o *outward) member(s step, v starlark.Value) (any, error) {
	o.path = append(o.path, s)
	x, err := o.value(v)
	o.path = o.path[:len(o.path)-1]
	return x, err
}

func (o *outward) list(v starlark.Indexable) (any, error) {
	list := make([]any, 0, min(v.Len(), o.room))
	for i := range v.Len() {
		x, err := o.member(step{index: i}, v.Index(i))
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

func (o *outward) dict(v *starlark.Dict) (any, error) {
	object := make(map[string]any, min(v.Len(), o.room))
	for key, value := range v.Entries() {
		name, ok := key.(starlark.String)
		if !ok {
			return nil, o.fail("a dict has a key of type %s: make it a string", key.Type())
		}
		o.room -= len(name)
		x, err := o.member(step{string(name), -1}, value)
		if err != nil {
			return nil, err
		}
		object[string(name)] = x
	}
	return object, nil
}
