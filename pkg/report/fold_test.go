package report

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Lines that are too long are broken between words, and nothing else becomes of a text.
func TestFold(t *testing.T) {
	for _, c := range []struct {
		columns    int
		text, want string
	}{
		{0, "a long line", "a long line"},
		{11, "a long line\n\n", "a long line\n\n"},
		{10, "a long line\n", "a long\n  line\n"},
		{10, "  a   b   cd  efg", "  a   b\n  cd  efg"},
		{4, "abcdefgh ij", "abcdefgh\n ij"},
		{12, "\x1b[1mone two\x1b[0m three", "\x1b[1mone two\x1b[0m\n  three"},
		{8, "日本 日本 日本", "日本\n  日本\n  日本"},
	} {
		if got := Fold(c.text, c.columns); got != c.want {
			t.Errorf("%q in %d columns is %q, want %q", c.text, c.columns, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab é日\n"))).Draw(t, "text")
		columns := rapid.IntRange(1, 30).Draw(t, "columns")
		folded := Fold(text, columns)
		if got, want := strings.Fields(folded), strings.Fields(text); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Fatalf("%q becomes %q", text, folded)
		}
		for line := range strings.Lines(folded) {
			if line = strings.TrimRight(line, " \n"); width(line) > columns && len(strings.Fields(line)) > 1 {
				t.Fatalf("%q is longer than %d columns", line, columns)
			}
		}
	})
}
