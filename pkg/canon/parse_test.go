package canon

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Value{
		" \t\r\n null\n":                     "null",
		"-0":                                 "0",
		"-0.0":                               "-0.0",
		"-0e5":                               "-0.0",
		"1E5":                                "100000.0",
		"1e400":                              "Infinity",
		"-1e400":                             "-Infinity",
		"1e-400":                             "0.0",
		"[NaN,-Infinity]":                    "[NaN,-Infinity]",
		"100000000000000e2":                  "1e+16",
		`"\u0041\/\ud83d\uDE00\u007f\u0000"`: "\"A/😀\x7f\\u0000\"",
		`{"b": 1, "a": {"d": [], "c": {}}, "": 0}`:                    `{"":0,"a":{"c":{},"d":[]},"b":1}`,
		`{"\uffff": 1, "😀": 2, "\u00e9": 3}`:                          "{\"é\":3,\"\uffff\":1,\"😀\":2}",
		`{"A": 1, "\n": 2, "\\": 3, "a\tb": 4, "a!": 5, "\u0000": 6}`: `{"\u0000":6,"\n":2,"A":1,"\\":3,"a\tb":4,"a!":5}`,
		strings.Repeat("9", 5000):                                     Value(strings.Repeat("9", 5000)),
		nested(MaxDepth):                                              Value(nested(MaxDepth)),
	} {
		if got, err := Parse([]byte(text)); err != nil || got != want {
			t.Errorf("Parse(%.80q) = %.80q, %v; want %.80q", text, got, err, want)
		}
	}
}

func nested(depth int) string {
	return strings.Repeat("[", depth) + strings.Repeat("]", depth)
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                         `line 1, column 1: the text ends too early: want a value`,
		" \n ":                     `line 2, column 2: the text ends too early: want a value`,
		"{\n \"é\": x}":            `line 2, column 7: unexpected 'x': want a value`,
		"[1 2]":                    `line 1, column 4: unexpected '2': want "," or "]"`,
		"[1,]":                     `line 1, column 4: unexpected ']': want a value`,
		"[1":                       `line 1, column 3: the text ends too early: want "," or "]"`,
		`{"a":1,}`:                 `line 1, column 8: unexpected '}': want the name of a member, in double quotes`,
		`{"a" 1}`:                  `line 1, column 6: unexpected '1': want ":" after the name of a member`,
		`{"a":1 "b":2}`:            `line 1, column 8: unexpected '"': want "," or "}"`,
		`{'a':1}`:                  `line 1, column 2: unexpected '\'': want the name of a member, in double quotes`,
		"1 2":                      `line 1, column 3: unexpected '2': want the end of the text`,
		"nul":                      `line 1, column 1: unknown word: want null, true, false, NaN, Infinity or -Infinity`,
		"nullx":                    `line 1, column 1: unknown word: want null, true, false, NaN, Infinity or -Infinity`,
		"01":                       `line 1, column 1: a number begins with a needless 0`,
		"-":                        `line 1, column 2: a number has no digits after the minus sign`,
		"1.e5":                     `line 1, column 3: a number has no digits after the point`,
		"1e+":                      `line 1, column 4: a number has no digits in its exponent`,
		"1.2.3":                    `line 1, column 4: unexpected '.': want the end of the number`,
		"0x10":                     `line 1, column 2: unexpected 'x': want the end of the number`,
		"+1":                       `line 1, column 1: unexpected '+': want a value`,
		"\uFEFF1":                  `line 1, column 1: unexpected byte order mark: want a value`,
		"\xff":                     `line 1, column 1: invalid UTF-8: byte 0xff`,
		"[\"é\xff\"]":              `line 1, column 4: invalid UTF-8: byte 0xff`,
		"\"\xed\xa0\x80\"":         `line 1, column 2: invalid UTF-8: byte 0xed`,
		"[\"abc]":                  `line 1, column 2: a string has no end`,
		"\"a\nb\"":                 `line 1, column 3: a string holds the control character 0x0a: escape it`,
		`"\x41"`:                   `line 1, column 2: unknown escape "\\x"`,
		`"\`:                       `line 1, column 2: unknown escape "\\"`,
		`"\u12g4"`:                 `line 1, column 2: \u needs four hexadecimal digits`,
		`"\ud83d"`:                 `line 1, column 2: the lone surrogate \ud83d is not a character`,
		`"\udE00\ud83d"`:           `line 1, column 2: the lone surrogate \udE00 is not a character`,
		`"\ud83d\u0041"`:           `line 1, column 2: the lone surrogate \ud83d is not a character`,
		`{"a":1,"a":2}`:            `line 1, column 8: the name "a" stands twice in an object`,
		`{"b":1,"a":2,"\u0062":1}`: `line 1, column 14: the name "b" stands twice in an object`,
		nested(MaxDepth + 1):       `line 1, column 1001: nested deeper than 1000 levels`,
	} {
		v, err := Parse([]byte(text))
		if err == nil || err.Error() != want || v != "" {
			t.Errorf("Parse(%.80q) = %.80q, %v\nwant error %s", text, v, err, want)
		}
		if _, ok := errors.AsType[*SyntaxError](err); !ok {
			t.Errorf("Parse(%.80q): the error is a %T", text, err)
		}
	}
}

func TestScanner(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		" \n\t":                       "",
		"1\n\n [2,\n3]\n\"a\" {}{}\n": `1:1 3:[2,3] 5:"a" 5:{} 5:{}`,
		"1 2\nx 3":                    "1:1 1:2 line 2, column 1: unexpected 'x': want a value",
		"{}\n{\"a\":1,\n\"a\":2}":     `1:{} line 3, column 1: the name "a" stands twice in an object`,
		"1-2":                         "line 1, column 2: unexpected '-': want the end of the number",
	} {
		var got []string
		sc := NewScanner([]byte(text))
		for sc.Next() {
			got = append(got, fmt.Sprintf("%d:%s", sc.Line(), sc.Value()))
		}
		if sc.Err() != nil {
			got = append(got, sc.Err().Error())
		}
		if sc.Next() || sc.Value() != "" || strings.Join(got, " ") != want {
			t.Errorf("Scanner(%q) reads %q, want %q", text, got, want)
		}
	}
}

// A value must not change when the buffers behind it are used for the next one.
func TestValuesAreKept(t *testing.T) {
	sc := NewScanner([]byte(`"first" "other"`))
	var got []Value
	for sc.Next() {
		got = append(got, sc.Value())
	}
	for _, text := range []string{`"third"`, `"fourt"`} {
		v, _ := Parse([]byte(text))
		got = append(got, v)
	}
	if want := []Value{`"first"`, `"other"`, `"third"`, `"fourt"`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
