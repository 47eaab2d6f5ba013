package audit

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/content"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/command"
)

// asTree is a document as JSON has it.
func asTree(t testing.TB, doc any) any {
	t.Helper()
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

// What the gate says of two outputs is what the audit says, by its own path.
func FuzzTwoExplanations(f *testing.F) {
	long := strings.Repeat("a line that is one of many, 日本\n", 2000)
	for _, pair := range [][2]string{
		{"a\nb\n", "a\nc\n"}, {"a", "a\n"}, {"", "\n"}, {"é", "è"}, {"\x00\x01", "\x00\x02"}, {long + "x", long + "y"}, {long, long + "y"},
		{`{"a":1}`, `{"a":1.0}`}, {`{"a":1}`, `{"a": 1}`}, {"{}\n{\"a\":[1,2]}\n", "{}\n{\"a\":[1]}\n"}, {"{}\n{}\n", "{}\n{}"}, {"{}", "no"},
		{`{"a":"` + strings.Repeat("é", 40_000) + `"}`, `{"a":"` + strings.Repeat("é", 40_000) + `!"}`},
		{strings.Repeat("é", 40_000) + "a" + strings.Repeat("ü", 40_000), strings.Repeat("é", 40_000) + "b" + strings.Repeat("ü", 40_000)},
		{"{\"a\":" + strings.Repeat("[1,", 400) + "2" + strings.Repeat("]", 400) + "}", "[NaN,1e400,-0,-0.0]"}, {`["\ud83d\ude00"]`, `["😀"]`}, {`["\ud83d"]`, `["\ufffd"]`},
		{long[:501] + "a" + long, long[:501] + "b" + long}, {"[1]\n[2]\n", "[1]\n"}, {"\xff" + long, "\xfe" + long},
	} {
		f.Add([]byte(pair[0]), []byte(pair[1]))
	}
	f.Fuzz(func(t *testing.T, x, y []byte) {
		objects := map[string]command.Object{}
		open := func(sha string) (io.ReadCloser, error) {
			o, ok := objects[sha]
			if !ok {
				return nil, events.ErrNotFound
			}
			return o.Open()
		}
		var values [2]canon.Value
		var trees [2]any
		for i, data := range [][]byte{x, y} {
			out := command.Output{Stdout: command.Memory(data), Files: map[string]command.File{"a/b": {Type: command.Regular, Content: command.Memory(data)}}}
			m, err := out.Make(command.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range m.Objects {
				objects[o.SHA256] = o
			}
			values[i] = canon.Value(m.Value)
			if trees[i], err = parseText(string(m.Value)); err != nil {
				t.Fatal(err)
			}
			if canonical(trees[i]) != string(m.Value) {
				t.Fatalf("%s is read as %s", m.Value, canonical(trees[i]))
			}
		}
		if bytes.Equal(x, y) {
			return
		}
		for _, name := range []string{"stdout", "files"} {
			pointer, _, _ := canon.FirstDifference("", values[0], values[1], maxPointer)
			if name == "stdout" {
				pointer = "/stdout"
			}
			want, err := command.Explain(values[0], values[1], pointer, open)
			if err != nil {
				t.Fatal(err)
			}
			got, err := differInOutput(trees[0], trees[1], pointer[1:], open)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(asTree(t, want), asTree(t, got)); diff != "" {
				t.Fatalf("%.100q and %.100q, %s (-gate +audit):\n%s", x, y, pointer, diff)
			}
		}
	})
}

// Text that one path takes for JSON is JSON to the other, and the same value.
func FuzzTwoReaders(f *testing.F) {
	for _, text := range []string{`{"a":[1,1.0,1e400,-0,NaN,-Infinity,null,true]}`, "\"\\ud800\"", `"\ud83d\ude00 \ufffd"`, "01", "1.", "[1,]", `{"a":1,"a":1}`, "\"\x01\"", "nul", "--1", "\"\xff\"", `"\\ufffd\ud800"`, "1 2", "[NaNx]", " [ ] ", strings.Repeat("[", 1001) + strings.Repeat("]", 1001), strings.Repeat("[", 1000) + strings.Repeat("]", 1000)} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, errV := canon.Parse(text)
		tree, err := parseText(string(text))
		if (errV == nil) != (err == nil) {
			t.Fatalf("%q: %v, the audit %v", text, errV, err)
		}
		if err == nil && errV == nil && canonical(tree) != string(v) {
			t.Fatalf("%q is %s, to the audit %s", text, v, canonical(tree))
		}
	})
}

// The two kinds of values that are hard to tell apart: those of commands, and others.
func FuzzTwoOutputs(f *testing.F) {
	for _, v := range []string{
		`{"exit":0,"stderr":{"text":[]},"stdout":{"text":["a"],"open":true}}`, `{"signal":"SIGSEGV","stderr":{"bytes":"AA=="},"stdout":{"json":1}}`,
		`{"exit":0,"files":{"as":"json","object":{"name":"files","sha256":"` + strings.Repeat("0", 64) + `","size":1}},"stderr":{"text":[]},"stdout":{"jsonl":[1]}}`,
		`{"exit":0,"files":{"a":{"type":"file","executable":true,"text":[]},"b":{"type":"link","target":"a"},"c":{"type":"deleted"}},"probe":{"text":[]},"stderr":{"text":[]},"stdout":{"text":[]}}`,
		`{"exit":0.0,"stderr":{"text":[]},"stdout":{"text":[]}}`, `{"exit":0,"stderr":{"text":[1]},"stdout":{"text":[]}}`, `{"exit":0,"more":1,"stderr":{"text":[]},"stdout":{"text":[]}}`,
	} {
		f.Add([]byte(v))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := canon.Parse(text)
		if err != nil {
			return
		}
		tree, err := parseText(string(text))
		if err != nil {
			return
		}
		r, err := command.Read(v)
		if (err == nil) != (outputOf(tree) != nil) {
			t.Fatalf("%s: %+v, %v, the audit %+v", v, r, err, outputOf(tree))
		}
	})
}

// FuzzTwoDiffs is about contents that are not what they are said to be.
func FuzzTwoDiffs(f *testing.F) {
	f.Add([]byte("{}\nx\n"), []byte("{}\ny\n"), 1)
	f.Add([]byte("{}"), []byte("x"), 0)
	f.Add([]byte("a\x00"), []byte("b"), 2)
	f.Add([]byte("{}\n0"), []byte("{}\x00"), 1)
	f.Fuzz(func(t *testing.T, x, y []byte, kind int) {
		as := kindsOfContent[uint(kind)%4]
		want, err := content.Diff(bytes.NewReader(x), bytes.NewReader(y), content.As(as))
		if err != nil {
			t.Fatal(err)
		}
		got, err := differ(bytes.NewReader(x), bytes.NewReader(y), as)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil || got == nil {
			if want != nil || got != nil {
				t.Fatalf("%q and %q as %s: %+v, the audit %+v", x, y, as, want, got)
			}
			return
		}
		like := &contentDifference{As: string(want.As), Line: want.Line, Column: want.Column, Offset: want.Offset, Pointer: want.Pointer, Equal: want.Equal, Expected: want.Expected, Found: want.Found}
		if diff := cmp.Diff(asTree(t, like), asTree(t, got)); diff != "" {
			t.Fatalf("%q and %q as %s (-gate +audit):\n%s", x, y, as, diff)
		}
	})
}
