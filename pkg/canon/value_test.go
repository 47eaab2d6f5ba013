package canon

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKind(t *testing.T) {
	for v, want := range map[Value]string{
		"": "invalid", "x": "invalid", " 1": "invalid",
		Null: "null", "true": "boolean", "false": "boolean",
		"0": "integer", "-12": "integer", "123456789012345678901234567890": "integer",
		"0.5": "float", "1e+16": "float", "-1e-05": "float", "NaN": "float", "Infinity": "float", "-Infinity": "float",
		`"1"`: "string", "[]": "array", "{}": "object",
	} {
		if got := v.Kind().String(); got != want {
			t.Errorf("the kind of %q is %s, want %s", v, got, want)
		}
	}
	if got := Kind(99).String(); got != "Kind(99)" {
		t.Errorf("Kind(99) reads %s", got)
	}
}

func TestDecode(t *testing.T) {
	big20 := new(big.Int).Exp(big.NewInt(10), big.NewInt(20), nil)
	got, err := Value(`{"a":[1,-9223372036854775808,9223372036854775808,1.0,NaN],"b\n\u0000":"\"é","c":{},"d":[],"e":[null,true,false]}`).Decode()
	want := map[string]any{
		"a":       []any{int64(1), int64(math.MinInt64), new(big.Int).SetUint64(1 << 63), 1.0, math.NaN()},
		"b\n\x00": `"é`, "c": map[string]any{}, "d": []any{}, "e": []any{nil, true, false},
	}
	options := cmp.Options{
		cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 }),
		cmp.Comparer(func(a, b float64) bool { return a == b || a != a && b != b }),
	}
	if diff := cmp.Diff(want, got, options); diff != "" || err != nil {
		t.Errorf("Decode: %v, %s", err, diff)
	}
	if got, err := Value("100000000000000000000").Decode(); err != nil || got.(*big.Int).Cmp(big20) != 0 {
		t.Errorf("Decode(10^20) = %v, %v", got, err)
	}
	for _, v := range []Value{"", " ", "nil", "tru", "-", "1.x", `"`, `"a`, "[", "[1", "[1 2]", "[1,", "[,]", "{", `{"a"}`, `{"a":}`, `{a:1}`,
		`{"a":1`, "1,2", "[]]", `{"a":1}}`, Value(nested(MaxDepth + 2)), Value(nested(1 << 20))} {
		if got, err := v.Decode(); err == nil {
			t.Errorf("Decode(%.40q) = %v, want an error", v, got)
		}
	}
}

func TestParts(t *testing.T) {
	array := Value(`[1,"],[",[2,[3]],{"a":[]},null]`)
	if got, want := slices.Collect(array.Elements()), []Value{"1", `"],["`, "[2,[3]]", `{"a":[]}`, Null}; !slices.Equal(got, want) {
		t.Errorf("the elements are %q, want %q", got, want)
	}
	object := Value(`{"\n":1,"a\"":{"b":2},"é":"}","z":[{}]}`)
	want := map[string]Value{"\n": "1", `a"`: `{"b":2}`, "é": `"}"`, "z": "[{}]"}
	if got := maps.Collect(object.Members()); !maps.Equal(got, want) {
		t.Errorf("the members are %q, want %q", got, want)
	}
	for range array.Elements() {
		break
	}
	for range object.Members() {
		break
	}
	for _, v := range []Value{"", Null, "1", `"[1]"`, "[]", "{}"} {
		for e := range v.Elements() {
			t.Errorf("%q has an element %q", v, e)
		}
		for name := range v.Members() {
			t.Errorf("%q has a member %q", v, name)
		}
	}
}

func TestScalars(t *testing.T) {
	if n, ok := Value("-12").Int(); n != -12 || !ok {
		t.Errorf("Int(-12) = %d, %v", n, ok)
	}
	for _, v := range []Value{"", "1.0", `"1"`, "9223372036854775808", "[1]", "true"} {
		if n, ok := v.Int(); ok {
			t.Errorf("Int(%s) = %d", v, n)
		}
	}
	if s, ok := Value(`"a\tb\u001f\\"`).Text(); s != "a\tb\x1f\\" || !ok {
		t.Errorf("Text = %q, %v", s, ok)
	}
	for _, v := range []Value{"", "1", Null, `"`, "[]"} {
		if s, ok := v.Text(); ok {
			t.Errorf("Text(%s) = %q", v, s)
		}
	}
}

func TestStandard(t *testing.T) {
	for v, want := range map[Value]bool{
		`{"NaN":["Infinity\"NaN",1.5]}`: true,
		"NaN":                           false,
		"[-Infinity]":                   false,
		`{"\\":Infinity}`:               false,
	} {
		if got := v.Standard(); got != want {
			t.Errorf("Standard(%s) = %v", v, got)
		}
	}
}

func TestIsCanonical(t *testing.T) {
	for v, want := range map[Value]bool{
		`{"a":[1,1.0,"é"],"b":null}`: true, "-0.0": true, "NaN": true,
		"": false, " 1": false, "1e5": false, "1.50": false, "-0": false, `"\u00e9"`: false, `"\u001F"`: false,
		`{"b":1,"a":2}`: false, `{"a":1,"a":1}`: false, "[1, 2]": false, "\"\xff\"": false,
	} {
		if got := v.IsCanonical(); got != want {
			t.Errorf("IsCanonical(%q) = %v", v, got)
		}
	}
}

// A struct says itself what it is.
type point struct{ x, y int }

func (p point) CanonicalValue() (any, error) {
	if p.x < 0 {
		return nil, errors.New("x is negative")
	}
	return map[string]any{"x": p.x, "y": p.y}, nil
}

// selfish never comes to an end.
type selfish struct{}

func (s selfish) CanonicalValue() (any, error) { return s, nil }

func ExampleOf() {
	v, err := Of(map[string]any{"name": "é\n", "at": point{1, 2}, "share": 1.0})
	fmt.Println(v, err)
	_, err = Of(map[string]any{"list": []any{0, point{-1, 0}}})
	fmt.Println(err)
	// Output:
	// {"at":{"x":1,"y":2},"name":"é\n","share":1.0} <nil>
	// at "/list/1": canon.point: x is negative
}
