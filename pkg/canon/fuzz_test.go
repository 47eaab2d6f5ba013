package canon

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		eventText,
		`{"b": [1, -0, 1.50, 1E400, NaN, -Infinity], "a": {"\u00e9\n": "\ud83d\ude00"}}`,
		"[[[]],{}]", `{"a":1,"a":2}`, "\"\xff\"", "01", `{"\n":1,"A":2,"\\":3}`, "{\"\":null,\n\"x\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		useAnyway(Value(text))
		v, err := Parse(text)
		if err != nil {
			if e, ok := errors.AsType[*SyntaxError](err); !ok || e.Line < 1 || e.Column < 1 || e.Offset < 0 || e.Offset > len(text) || v != "" {
				t.Fatalf("Parse(%q) = %q, %#v", text, v, err)
			}
			return
		}
		checkValue(t, v)
		if !utf8.ValidString(string(v)) || v.Standard() != json.Valid([]byte(v)) {
			t.Fatalf("Parse(%q) = %q, which is not JSON", text, v)
		}
		sc := NewScanner(append(append(text, '\n'), v...))
		for range 2 {
			if !sc.Next() || sc.Value() != v {
				t.Fatalf("Scanner reads %q, %v; want %q", sc.Value(), sc.Err(), v)
			}
		}
	})
}

// useAnyway calls every method on what need not be canonical: none may panic, or
// go on for ever.
func useAnyway(v Value) {
	_, _ = v.Decode()
	_, _ = v.Text()
	_, _ = v.Int()
	_, _ = v.Kind(), v.Standard()
	for range v.Elements() {
	}
	for range v.Members() {
	}
	_, _ = Of([]Value{v})
}

func FuzzString(f *testing.F) {
	for _, seed := range []string{"", "plain", "\"\\\b\f\n\r\t\x00\x1f\x7f", "é\u2028\uffff😀", "\xed\xa0\x80", "12345678\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := AppendString(nil, s)
		if valid := utf8.ValidString(s); !valid || err != nil {
			if valid || !errors.Is(err, ErrUTF8) {
				t.Fatalf("AppendString(%q): %v", s, err)
			}
			return
		}
		if string(b) != twinString(s) {
			t.Fatalf("AppendString(%q) = %s", s, b)
		}
		v, err := Parse(b)
		if text, ok := v.Text(); err != nil || !ok || text != s {
			t.Fatalf("Parse(%s) = %s, %v, which is %q", b, v, err, text)
		}
	})
}
