package content

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

func TestDetect(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1)
	for _, c := range []struct {
		text string
		want As
	}{
		{"", Text}, {"\n", Text}, {"\n\n\n", Text}, {" ", Text},
		{"{}", JSON}, {"[]\n", JSON}, {" \n{\"a\":\n1}\n\n", JSON}, {"{}\n\n", JSON}, {"{}\n \t\r\n", JSON},
		{"[1,NaN]\n", JSON},
		{"1\n", Text}, {"\"x\"\n", Text}, {"1\n2\n3\n", Text}, {"null", Text},
		{"{}\n{}\n", JSONL}, {"{}\n[1]", JSONL}, {"{}\r\n{\"a\": 1}\r\n", JSONL}, {" {} \n{}\n", JSONL},
		{"{}\n\n{}\n", Text}, {"{}\n{}\n\n", Text}, {"\n{}\n{}\n", Text}, {"{}\n1\n", Text}, {"{}{}\n", Text}, {"{}\n{", Text},
		{"[INFO] hello\n", Text}, {"[1]\n[INFO] x\n", Text}, {"{\"a\":1,\"a\":2}", Text}, {"\ufeff{}", Text},
		{deep, Text}, {deep + "\n{}\n", Text}, {deep[1 : len(deep)-1], JSON},
		{"a\x00b", Bytes}, {"{}\x00", Bytes}, {"caf\xe9", Bytes}, {"é日𝄞", Text}, {"é日𝄞"[:8], Bytes}, {"\xed\xa0\x80", Bytes}, {"{}\n\xff", Bytes},
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text))} {
			if got, err := Detect(r); got != c.want || err != nil {
				t.Errorf("%.40q, %s: %s, %v, want %s", c.text, name, got, err, c.want)
			}
		}
	}
}

func TestDetectLong(t *testing.T) {
	long := "[" + strings.Repeat("1,", MaxJSON/2) + "1]"
	if got, _ := Detect(strings.NewReader(long)); got != Text {
		t.Errorf("a JSON text of %d bytes: %s", len(long), got)
	}
	if got, _ := Detect(strings.NewReader("{}\n" + long)); got != Text {
		t.Errorf("a line of %d bytes: %s", len(long), got)
	}
	lines := strings.Repeat("{\"a\":[1,2,3,4,5,6,7,8,9]}\n", MaxJSON/20)
	if got, _ := Detect(strings.NewReader(lines)); got != JSONL {
		t.Errorf("%d bytes of JSON Lines: %s", len(lines), got)
	}
}

func TestWant(t *testing.T) {
	for _, c := range []struct {
		want, as   As
		text, find string
	}{
		{JSON, JSON, "1.5\n", ""}, {JSON, Text, "1 2", "line 1, column 3"}, {JSON, Bytes, "\xff", "0xff"}, {JSON, Text, "", "too early"},
		{JSONL, JSONL, "1\n2\n", ""}, {JSONL, JSONL, "{}", ""}, {JSONL, JSONL, "", ""}, {JSONL, Text, "{}\n\n", "line 2"}, {JSONL, Text, "1\nx\n", "line 2"},
		{Text, Text, "{}", ""}, {Text, Bytes, "a\x00", "NUL"}, {Bytes, Bytes, "{}", ""},
	} {
		d := NewDetector(c.want)
		fmt.Fprint(d, c.text)
		as, _, err := d.Result()
		if as != c.as || (err == nil) != (c.find == "") || err != nil && !strings.Contains(err.Error(), c.find) {
			t.Errorf("%q as %s: %s, %v", c.text, c.want, as, err)
		}
	}
	if _, err := ParseAs("yaml"); err == nil {
		t.Error("yaml is a kind of content")
	}
}

func (d *Difference) String() string {
	if d == nil {
		return "equal"
	}
	show := func(s *string) string {
		if s == nil {
			return "nothing"
		}
		return fmt.Sprintf("%q", *s)
	}
	at := fmt.Sprintf("%s line %d column %d offset %d", d.As, d.Line, d.Column, d.Offset)
	if d.Pointer != "" {
		at = fmt.Sprintf("%s line %d %s", d.As, d.Line, d.Pointer)
	}
	if d.Equal {
		at += " equal"
	}
	return fmt.Sprintf("%s: %s, %s", at, show(d.Expected), show(d.Found))
}

func TestDiff(t *testing.T) {
	long := strings.Repeat("ü", 1000)
	for _, c := range []struct {
		as         As
		a, b, want string
	}{
		{Text, "a\nb\nc\n", "a\nx\nc\n", `text line 2 column 1 offset 2: "b", "x"`},
		{Text, "a\n", "a\nb\n", `text line 2 column 1 offset 2: nothing, "b"`},
		{Text, "a\n", "a\n\n", `text line 2 column 1 offset 2: nothing, ""`},
		{Text, "", "a", `text line 1 column 1 offset 0: nothing, "a"`},
		{Text, "", "\n", `text line 1 column 1 offset 0: nothing, ""`},
		{Text, "a\nb", "a\nb\n", `text line 2 column 2 offset 3: "b", "b\n"`},
		{Text, "ab\nx", "abc\nx", `text line 1 column 3 offset 2: "ab", "abc"`},
		{Text, "Zürich é", "Zürich è", `text line 1 column 8 offset 9: "Zürich é", "Zürich è"`},
		{Text, long + "a" + long, long + "b" + long, `text line 1 column 1001 offset 2000: "…` + long[:508] + "a" + long[:508] + `…", "…` + long[:508] + "b" + long[:508] + `…"`},
		{Text, "x\r\n", "x\n", `text line 1 column 2 offset 1: "x\r", "x"`},
		{Text, "a\x00b", "a\x00c", `bytes line 0 column 0 offset 2: "61 00 62", "61 00 63"`},
		{Bytes, "0123456789abcdefX0123456789", "0123456789abcdefY", `bytes line 0 column 0 offset 16: "… 38 39 61 62 63 64 65 66 58 30 31 32 33 34 35 36 …", "… 38 39 61 62 63 64 65 66 59"`},
		{Bytes, "ab", "abc", `bytes line 0 column 0 offset 2: nothing, "61 62 63"`},
		{JSON, `{"a":1,"b":[1,2]}`, `{"b":[1,3],"a":1}`, `json line 0 /b/1: "2", "3"`},
		{JSON, `{"a":1}`, `{}`, `json line 0 /a: "1", nothing`},
		{JSON, `1`, `2`, `json line 0 column 0 offset 0: "1", "2"`},
		{JSON, "{\"a\":\n100.0}", "{\"a\":\n1e2}", `json line 2 column 2 offset 7 equal: "100.0}", "1e2}"`},
		{JSON, "{\"a\":1}", "no", `text line 1 column 1 offset 0: "{\"a\":1}", "no"`},
		{JSONL, "{}\n{\"a\": 1}\n{}\n", "{}\n{\"a\":1}\n{\"b\":1}\n", `jsonl line 3 /b: nothing, "1"`},
		{JSONL, "{}\n{\"a\": 1}\n", "{}\n{\"a\":1}\n", `jsonl line 2 column 6 offset 8 equal: "{\"a\": 1}", "{\"a\":1}"`},
		{JSONL, "{}\n{}", "{}\n{}\n", `jsonl line 2 column 3 offset 5 equal: "{}", "{}\n"`},
		{JSONL, "{}\n[1]\n", "{}\n", `jsonl line 2 column 0 offset 0: "[1]", nothing`},
		{JSONL, "{}\nx\n", "{}\ny\n", `text line 2 column 1 offset 3: "x", "y"`},
	} {
		for _, slow := range []bool{false, true} {
			read := func(s string) io.Reader {
				if slow {
					return iotest.HalfReader(strings.NewReader(s))
				}
				return strings.NewReader(s)
			}
			d, err := Diff(read(c.a), read(c.b), c.as)
			if err != nil || d.String() != c.want {
				t.Errorf("%s, %.40q and %.40q:\n got %s, %v\nwant %s", c.as, c.a, c.b, d, err, c.want)
			}
			if d, err := Diff(read(c.a), read(c.a), c.as); d != nil || err != nil {
				t.Errorf("%s, %.40q and itself: %s, %v", c.as, c.a, d, err)
			}
		}
	}
}

func TestDiffError(t *testing.T) {
	for _, as := range kinds {
		if d, err := Diff(strings.NewReader("{}\n{}\n"), iotest.ErrReader(io.ErrClosedPipe), as); err == nil {
			t.Errorf("%s: %s", as, d)
		}
	}
}

// endless is a content of a gigabyte that takes no memory.
func endless(end string) io.Reader {
	var all []io.Reader
	part := strings.Repeat("0123456789abcde\n", 1<<12)
	for range 1 << 8 {
		all = append(all, strings.NewReader(part))
	}
	return io.MultiReader(append(all, strings.NewReader(end))...)
}

func TestDiffIsStreamed(t *testing.T) {
	n := testing.AllocsPerRun(1, func() {
		d, err := Diff(endless("x"), endless("y"), Text)
		if err != nil || d.Line != 1<<20+1 {
			t.Errorf("%s, %v", d, err)
		}
	})
	if n > 2000 {
		t.Errorf("%v allocations", n)
	}
}

// Every difference that is told is one: the twin looks for the first byte by itself.
func FuzzDiff(f *testing.F) {
	f.Add([]byte("a\nb"), []byte("a\nc"), 2)
	f.Add([]byte("{\"a\":1}"), []byte("{\"a\":1.0}"), 0)
	f.Add([]byte("{}\n{}"), []byte("{}\n{} "), 1)
	f.Fuzz(func(t *testing.T, a, b []byte, kind int) {
		as := kinds[uint(kind)%4]
		d, err := Diff(bytes.NewReader(a), bytes.NewReader(b), as)
		if err != nil || (d == nil) != bytes.Equal(a, b) {
			t.Fatalf("%s, %v", d, err)
		}
		if d == nil {
			return
		}
		if d.Expected == nil && d.Found == nil || d.Expected != nil && d.Found != nil && *d.Expected == *d.Found {
			t.Fatalf("both sides are the same: %s", d)
		}
		for _, s := range []*string{d.Expected, d.Found} {
			if s != nil && len(*s) > MaxExcerpt+6 {
				t.Fatalf("%d bytes are shown", len(*s))
			}
		}
		if as == Text || as == Bytes {
			at := 0
			for at < min(len(a), len(b)) && a[at] == b[at] {
				at++
			}
			if d.Offset != int64(at) || d.As == Text && d.Line != int64(1+bytes.Count(a[:at], newline)) {
				t.Fatalf("the first other byte is %d: %s", at, d)
			}
		}
	})
}

// A long text is cut around the place that counts, between characters.
func TestCut(t *testing.T) {
	const longest = 16 << 10
	var text strings.Builder
	for i := range 3 * longest / 12 {
		fmt.Fprintf(&text, "ü日𝄞%d", i)
	}
	long := text.String()
	for at := 0; at < len(long); at += 97 {
		got := cutAround(long, at, longest)
		if len(got) > longest || len(got) < longest-8 || !utf8.ValidString(got) {
			t.Fatalf("cut at %d: %d bytes, valid UTF-8: %v", at, len(got), utf8.ValidString(got))
		}
		part := strings.Trim(got, "…")
		if from := strings.Index(long, part); from < 0 || at < from || at >= from+len(part) {
			t.Fatalf("cut at %d: %d bytes from %d", at, len(part), from)
		}
	}
	if got := cutAround(long, 0, longest); strings.HasPrefix(got, "…") || !strings.HasSuffix(got, "…") {
		t.Errorf("cut at the beginning: %.10q", got)
	}
	if got := cutAround(long, len(long), longest); !strings.HasPrefix(got, "…") || strings.HasSuffix(got, "…") {
		t.Errorf("cut at the end: %.10q", got)
	}
}
