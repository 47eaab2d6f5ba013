package canon

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
)

type (
	text   string
	flag   bool
	number uint8
	list   []number
	table  map[text]list
	half   float32
)

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{nil, "null"},
		{true, "true"},
		{int8(-8), "-8"}, {int16(-16), "-16"}, {int32(-32), "-32"}, {int64(math.MinInt64), "-9223372036854775808"}, {-1, "-1"},
		{uint8(8), "8"}, {uint16(16), "16"}, {uint32(32), "32"}, {uint64(math.MaxUint64), "18446744073709551615"}, {uint(1), "1"},
		{float32(0.1), "0.10000000149011612"}, {1.0, "1.0"}, {math.Inf(-1), "-Infinity"}, {math.Copysign(0, -1), "-0.0"},
		{"a\u2028<>&\x7f\b\x1f", "\"a\u2028<>&\x7f\\b\\u001f\""},
		{new(big.Int).Lsh(big.NewInt(-1), 70), "-1180591620717411303424"},
		{Value("[1]"), "[1]"},
		{json.Number("1E2"), "100.0"}, {json.Number("12"), "12"},
		{[]any(nil), "[]"}, {map[string]any(nil), "{}"}, {[]int(nil), "[]"}, {map[text]int(nil), "{}"},
		{[]any{1, "a", nil, []any{}, map[string]any{}}, `[1,"a",null,[],{}]`},
		{map[string]any{"b": 1, "a": 1.5, "é": nil, "": false, "B": "x"}, `{"":false,"B":"x","a":1.5,"b":1,"é":null}`},
		{map[string]string{"k": "v", "j": "\n"}, `{"j":"\n","k":"v"}`},
		{map[string]Value{"k": "{}"}, `{"k":{}}`},
		{[]string{"x", "y"}, `["x","y"]`}, {[]Value{"1", "2.0"}, "[1,2.0]"},
		{[]int{1, 2}, "[1,2]"}, {[2]float64{1, 0.5}, "[1.0,0.5]"}, {map[string][]float64{"a": {1}}, `{"a":[1.0]}`},
		{text("a"), `"a"`}, {flag(true), "true"}, {number(3), "3"}, {half(0.5), "0.5"},
		{table{"b": {1}, "a": nil}, `{"a":[],"b":[1]}`},
		{[]point{{1, 2}}, `[{"x":1,"y":2}]`}, {&point{1, 2}, `{"x":1,"y":2}`},
		{[]error{nil}, "[null]"},
	} {
		if got, err := Append([]byte("…"), c.v); err != nil || string(got) != "…"+c.want {
			t.Errorf("Append(%#v) = %s, %v; want %s", c.v, got, err, c.want)
		}
		if got, err := Of(c.v); err != nil || !got.IsCanonical() {
			t.Errorf("Of(%#v) = %q, %v", c.v, got, err)
		}
	}
}

func TestAppendErrors(t *testing.T) {
	cycle := map[string]any{}
	cycle["a"] = []any{cycle}
	type loop []loop
	snake := loop{nil}
	snake[0] = snake
	for _, c := range []struct {
		v    any
		want string
	}{
		{[]byte("x"), "[]uint8 has no canonical form: make it a string, in hex or base64 if it is not text"},
		{Hash{}, "canon.Hash has no canonical form: make it a string"},
		{make(chan int), "chan int has no canonical form: leave it out"},
		{complex(1, 2), "complex128 has no canonical form"},
		{uintptr(1), "uintptr has no canonical form"},
		{struct{}{}, "struct {} has no canonical form: make it a map[string]any, or implement canon.Marshaler"},
		{new(int), "*int has no canonical form: give what it points to"},
		{(*point)(nil), "a nil *canon.point has no canonical form"},
		{(*big.Int)(nil), "a nil *big.Int has no canonical form"},
		{map[int]string{}, "map[int]string has no canonical form: the keys must be strings"},
		{map[any]any{}, "map[interface {}]interface {} has no canonical form"},
		{Value(""), `the canon.Value "" is not a value; null is canon.Null`},
		{json.Number("x"), `the json.Number "x" is not a number`},
		{json.Number("[]"), `the json.Number "[]" is not a number`},
		{"ab\xff", `invalid UTF-8 at byte 2 of the string "ab\xff"`},
		{map[string]any{"a/b": []any{0, map[string]any{"~": func() {}}}}, `at "/a~1b/1/~0": func() has no canonical form`},
		{map[string]any{"z": func() {}, "b": make(chan int), "c": 1i}, `at "/b": chan int`},
		{map[string]any{"o": map[string]any{"\xff": 1}}, `at "/o": name of a member: invalid UTF-8 at byte 0`},
		{[]Value{"1", ""}, `at "/1": the canon.Value ""`},
		{[]point{{-1, 0}}, `at "/0": canon.point: x is negative`},
		{cycle, "nested deeper than 1000 levels: is there a cycle?"},
		{snake, "nested deeper than 1000 levels"},
		{selfish{}, "nested deeper than 1000 levels"},
		{[]Value{Value(nested(MaxDepth))}, `at "/0": nested deeper than 1000 levels`},
	} {
		dst := []byte("kept")
		got, err := Append(dst, c.v)
		if err == nil || !strings.Contains(err.Error(), c.want) || string(got) != "kept" {
			t.Errorf("Append(%T) = %q, %v; want error %s", c.v, got, err, c.want)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("Append(%T): the error has %d bytes", c.v, len(err.Error()))
		}
	}
	if _, err := Of([]string{"\xff"}); !errors.Is(err, ErrUTF8) {
		t.Errorf("%v is not ErrUTF8", err)
	}
}

// What Append accepts at the limit of the depth, Parse must accept too.
func TestDepthLimit(t *testing.T) {
	v := any([]Value{Value(nested(100)), Value(`"` + strings.Repeat("[", 3000) + `"`)})
	for range MaxDepth - 101 {
		v = []any{v}
	}
	if got, err := Of(v); err != nil || !got.IsCanonical() {
		t.Errorf("%d levels: %v", MaxDepth, err)
	}
	if _, err := Of([]any{v}); err == nil {
		t.Errorf("%d levels are accepted", MaxDepth+1)
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 1024)
	for _, v := range []any{1, 1.5, "text", "é\n", Value("[1]"), []any{1, "a"}, []string{"a"}, map[string]string{"b": "1", "a": "2"}, eventMap} {
		if n := testing.AllocsPerRun(100, func() { _, _ = Append(dst, v) }); n != 0 {
			t.Errorf("Append(%v) allocates %v times", v, n)
		}
	}
}

// Every float next to a limit of the forms is tried, and every power of ten.
func TestAppendFloat(t *testing.T) {
	check := func(f float64) {
		if got, want := string(AppendFloat(nil, f)), twinFloat(f); got != want {
			t.Errorf("AppendFloat(%b) = %s, want %s", f, got, want)
		}
	}
	for e := -324; e <= 308; e++ {
		for _, f := range []float64{math.Pow10(e), math.Nextafter(math.Pow10(e), 0), math.Nextafter(math.Pow10(e), math.Inf(1))} {
			check(f)
			check(-f)
		}
	}
}

// Every byte is tried at every place of a word of eight.
func TestAppendString(t *testing.T) {
	for length := range 20 {
		for i := range length {
			for c := range 128 {
				b := []byte("abcdefghijklmnopqrst"[:length])
				b[i] = byte(c)
				if got, err := AppendString(nil, string(b)); err != nil || string(got) != twinString(string(b)) {
					t.Fatalf("AppendString(%q) = %s, %v", b, got, err)
				}
			}
			b := []byte("abcdefghijklmnopqrst"[:length])
			b[i] = 0x80
			if got, err := AppendString([]byte("kept"), string(b)); !errors.Is(err, ErrUTF8) || string(got) != "kept" {
				t.Fatalf("AppendString(%q) = %s, %v", b, got, err)
			}
		}
	}
}
