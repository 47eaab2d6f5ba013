package report

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
)

var update = flag.Bool("update", false, "rewrite the golden reports in testdata")

// verdicts are the golden verdicts of package compare, by name.
func verdicts(t testing.TB) map[string]*events.Verdict {
	t.Helper()
	files, err := filepath.Glob("../compare/testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden verdicts: %v", err)
	}
	all := make(map[string]*events.Verdict)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		v := new(events.Verdict)
		if err := events.Decode(data, v); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = v
	}
	return all
}

func TestGolden(t *testing.T) {
	for name, v := range verdicts(t) {
		golden(t, name, Append(nil, v, Options{}))
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// A verdict made in a Go program has no bus to look at and no command to run.
func TestGoldenInProcess(t *testing.T) {
	v, err := compare.Runs(3, func(run int) ([]events.Tick, error) {
		value := canon.Value(`{"rows":100}`)
		if run == 2 {
			value = `{"rows":99}`
		}
		return []events.Tick{{
			Events:  []events.TraceEvent{{Task: "load", CostOps: 1}},
			Results: []events.TaskResult{{Name: "load", Value: value}},
		}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "in-process", Append(nil, &v, Options{}))
}

func TestGoldenColor(t *testing.T) {
	all := verdicts(t)
	for _, name := range []string{"value", "missing", "inconclusive-digests", "pass"} {
		golden(t, name+".color", Append(nil, all[name], Options{Color: true}))
	}
}

func TestGoldenWide(t *testing.T) {
	all := verdicts(t)
	for _, name := range []string{"groups", "type-null", "value-text"} {
		golden(t, name+".wide", Append(nil, all[name], Options{Width: 132}))
	}
}

func TestGoldenHeadlines(t *testing.T) {
	all := verdicts(t)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%-24s %s\n", name, Headline(all[name]))
	}
	golden(t, "headlines", []byte(b.String()))
}

// escapes matches what colours are made of.
var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Colours add nothing but colours, lines fit, and what is appended to stays.
func TestColorAndWidth(t *testing.T) {
	for name, v := range verdicts(t) {
		for _, columns := range []int{1, 20, 40, 72, 80, 100, 200} {
			text := Append([]byte("before"), v, Options{Width: columns})
			colored := Append([]byte("before"), v, Options{Width: columns, Color: true})
			if plain := escapes.ReplaceAll(colored, nil); string(plain) != string(text) {
				t.Errorf("%s: with colours it reads\n%s", name, plain)
			}
			if !strings.HasPrefix(string(text), "before") {
				t.Errorf("%s: not appended", name)
			}
			checkLines(t, name, strings.Split(string(text), "\n")[1:], max(columns, 20))
		}
	}
}

func checkLines(t *testing.T, name string, lines []string, columns int) {
	t.Helper()
	for _, line := range lines {
		fields := strings.Fields(line)
		whole := strings.Contains(line, "ers ") || strings.Contains(line, "nats ") || len(fields) == 2 && len(fields[1]) == 64
		if width(line) > columns && !whole && len(fields) > 1 {
			t.Errorf("%s at %d columns: %q", name, columns, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("%s: blanks at the end of %q", name, line)
		}
	}
}

// Any verdict can be shown, and nothing in it reaches the terminal but as text.
func TestAnyVerdict(t *testing.T) {
	verdict := rapid.Make[events.Verdict]()
	outcomes := rapid.SampledFrom([]events.Outcome{events.Pass, events.Fail, events.Inconclusive, "", "\x1b"})
	kinds := rapid.SampledFrom([]events.DivergenceKind{"order", "status", "cost", "meta", "type", "value", "error", "missing", "extra", "latch", "\n"})
	rapid.Check(t, func(t *rapid.T) {
		v := verdict.Draw(t, "verdict")
		v.Outcome = outcomes.Draw(t, "outcome")
		if v.Divergence != nil {
			v.Divergence.Kind = kinds.Draw(t, "kind")
		}
		text := string(Append(nil, &v, Options{Width: rapid.Int().Draw(t, "width") % 300}))
		for _, r := range text {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("%U is in\n%s", r, text)
			}
		}
		if headline := Headline(&v); headline == "" || strings.Contains(headline, "\n") {
			t.Fatalf("headline %q", headline)
		}
	})
}

func TestRunNumbers(t *testing.T) {
	for want, list := range map[string][]int{
		"no runs":           nil,
		"run 3":             {3},
		"runs 3 and 4":      {3, 4},
		"runs 3-5":          {3, 4, 5},
		"runs 0, 2-4 and 9": {0, 2, 3, 4, 9},
		"runs 0, 2, 4, 6, 8, 10, 12, 14 and 3 more": {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20},
		"runs 0, 2, 4, 6, 8, 10, 12 and 14":         {0, 2, 4, 6, 8, 10, 12, 14},
	} {
		if got := runs(list); got != want {
			t.Errorf("%v: %q, want %q", list, got, want)
		}
	}
}

// Two texts are cut so that the first difference shows, at the same column in both.
func TestExcerpts(t *testing.T) {
	long := strings.Repeat("0123456789", 20)
	for _, c := range []struct{ a, b, textA, marksA, textB, marksB string }{
		{"abc", "abd", "abc", "  ^", "abd", "  ^"},
		{"abc", "ab", "abc", "  ^", "ab", "  ^"},
		{"ac", "abc", "ac", " ^", "abc", " ^"},
		{"ba", "a", "ba", "^", "a", "^"},
		{"", "a", "", "", "a", ""},
		{"b", "a", "b", "", "a", ""},
		{"日本", "日国", "日本", "  ^^", "日国", "  ^^"},
		{long + "a", long + "b", "…45678901234567890123456789a", "", "", ""},
		{"a" + long, "b" + long, "a0123456789012345678901234567…", "^", "b0123456789012345678901234567…", "^"},
	} {
		a, b := excerpts(c.a, c.b, 30)
		if len(c.a) > 200 && c.textB == "" {
			if !strings.HasPrefix(a.text, "…") || !strings.HasSuffix(a.text, "9a") || !strings.HasSuffix(b.text, "9b") || a.marks != b.marks || width(a.marks) != width(a.text) {
				t.Errorf("%q %q, %q %q", a.text, a.marks, b.text, b.marks)
			}
			continue
		}
		if (a != excerpt{c.textA, c.marksA}) || (b != excerpt{c.textB, c.marksB}) {
			t.Errorf("%q and %q: %q %q, %q %q", c.a, c.b, a.text, a.marks, b.text, b.marks)
		}
	}
}

// Nothing is lost between lines, and they break behind blanks where there are any.
func TestBreakUp(t *testing.T) {
	for _, c := range []struct {
		text  string
		lines []string
	}{
		{"", []string{""}},
		{"0123456789", []string{"0123456789"}},
		{"0123456789a", []string{"0123456789", "a"}},
		{"one two  three", []string{"one two  ", "three"}},
		{"a 0123456789", []string{"a 01234567", "89"}},
		{"日本語日本語", []string{"日本語日本", "語"}},
		{"0123456789012345678901234567890", []string{"0123456789", "0123456789", "012345678…"}},
	} {
		if got := breakUp(c.text, 10, 3); !slices.Equal(got, c.lines) {
			t.Errorf("%q: %q, want %q", c.text, got, c.lines)
		}
	}
}

func TestShortPair(t *testing.T) {
	long := strings.Repeat("0123456789", 3)
	for _, c := range []struct{ a, b, wantA, wantB string }{
		{"a" + long, "b" + long, "a01234567890", "b01234567890"},
		{long + "a", long + "b", long + "a", long + "b"},
		{long + "ac", long + "bc", long + "a", long + "b"},
		{"", "abc", "", "abc"},
		{long, long[:20], long[:20], long[:20]},
	} {
		if a, b := shortPair(c.a, c.b); a != c.wantA || b != c.wantB {
			t.Errorf("%s and %s: %s and %s", c.a, c.b, a, b)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	v := verdicts(b)["value"]
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], v, Options{Color: true})
	}
}

// What a verdict says of contents is shown too when it makes no sense.
func TestOddContent(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, c := range []events.Content{
		{}, {Name: "file:"}, {Name: "stdout", As: "json", Expected: text("")}, {Name: "stdout", As: "jsonl", Found: text("\x1b[31m")}, {Name: "x", As: "yaml", Equal: true},
		{Name: "stdout", As: "text", Line: -1, Column: -1, Expected: text("…"), Found: text("…x")}, {Name: "exit", Expected: text(strings.Repeat("9", 500)), Found: text("(")},
		{Name: "file:a\n\u202eb", As: "bytes", Offset: -1, Pointer: "/\x00", Expected: text("00"), Found: nil},
	} {
		v := verdicts(t)["value"]
		v.Divergence.Content = &c
		out := string(Append(nil, v, Options{}))
		if strings.ContainsFunc(out, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) || !strings.Contains(out, "> ") {
			t.Errorf("%+v:\n%s", c, out)
		}
		Headline(v)
		Shown(v.Divergence)
	}
}

// A window that adds runs to another one is held against that, not against what somebody
// accepted.
func TestContinued(t *testing.T) {
	all := verdicts(t)
	for name, want := range map[string][]string{
		"pass-latch": {"  held to     the trace and result hashes of the window with run 0\n"},
		"latch":      {"LATCH: the runs agree with each other, but not with those of the window with", "run 0, to which this one adds runs"},
	} {
		v := all[name]
		v.FirstRun = 12
		text := string(Append(nil, v, Options{}))
		for _, part := range want {
			if !strings.Contains(text, part) || strings.Contains(text, "accept the found") {
				t.Errorf("%s has no %q:\n%s", name, part, text)
			}
		}
	}
}
