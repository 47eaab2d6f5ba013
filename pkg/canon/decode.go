package canon

import (
	"fmt"
	"math/big"
	"strconv"
)

// Decode returns what v holds as a fresh Go value: nil, bool, int64 or, when that
// is too small, *big.Int, float64, string, []any or map[string]any. It fails only
// when v is not canonical, and does not promise to notice that.
func (v Value) Decode() (any, error) {
	d := decoder{v: v}
	x, err := d.value(0)
	if err == nil && d.pos < len(v) {
		err = d.malformed(d.pos)
	}
	if err != nil {
		return nil, err
	}
	return x, nil
}

type decoder struct {
	v   Value
	pos int
}

func (d *decoder) malformed(pos int) error {
	return fmt.Errorf("not %s: byte %d of %q", Scheme, pos, excerpt(string(d.v), pos))
}

// take steps over the byte c if it comes next.
func (d *decoder) take(c byte) bool {
	if d.pos < len(d.v) && d.v[d.pos] == c {
		d.pos++
		return true
	}
	return false
}

func (d *decoder) value(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	switch {
	case d.take('['):
		return d.array(depth)
	case d.take('{'):
		return d.object(depth)
	}
	start := d.pos
	d.pos = d.v.end(start)
	if x, ok := d.v[start:d.pos].scalar(); ok {
		return x, nil
	}
	return nil, d.malformed(start)
}

func (d *decoder) array(depth int) (any, error) {
	list := []any{}
	for !d.take(']') {
		if len(list) > 0 && !d.take(',') {
			return nil, d.malformed(d.pos)
		}
		x, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

func (d *decoder) object(depth int) (any, error) {
	m := map[string]any{}
	for !d.take('}') {
		if len(m) > 0 && !d.take(',') {
			return nil, d.malformed(d.pos)
		}
		start := d.pos
		d.pos = d.v.stringEnd(start)
		name, ok := d.v[min(start, d.pos):d.pos].Text()
		if !ok || !d.take(':') {
			return nil, d.malformed(start)
		}
		x, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		m[name] = x
	}
	return m, nil
}

// scalar decodes anything but arrays and objects.
func (v Value) scalar() (x any, ok bool) {
	switch v.Kind() {
	case KindNull:
		return nil, v == Null
	case Bool:
		return v == "true", v == "true" || v == "false"
	case Int:
		if n, ok := v.Int(); ok {
			return n, true
		}
		return new(big.Int).SetString(string(v), 10)
	case Float:
		f, err := strconv.ParseFloat(string(v), 64)
		return f, err == nil
	case String:
		return v.Text()
	}
	return nil, false
}
