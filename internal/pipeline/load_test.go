package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
)

const everything = `-- p.yaml --
name: p-1
runs: 3
ticks: 2
first_tick: 40
budget: &budget
  forecast: &lane {ops: 50, entropy: 7}
  shadow: *lane
contexts: {file: sub/ticks.jsonl}
tasks:
  - name: "a: b"
    lane: shadow
    priority: -5
    cost: {entropy: 1, ops: 2}
    tags: [x, "1"]
    steps: 99
    starlark_file: sub/a.star
  - name: b
    lane: forecast
    starlark: |

      def run(ctx):
          return 1
-- sub/ticks.jsonl --
{"b": 1.0, "a": [1, 1e5]}
{}
-- sub/a.star --
def run(ctx):
    return None
`

func TestLoad(t *testing.T) {
	dir := writeFiles(t, everything)
	got, err := Load(filepath.Join(dir, "p.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	lane := events.Budget{Ops: 50, Entropy: 7}
	want := &File{
		Definition: &program.Definition{Schema: program.DefinitionSchema, Name: "p-1", Kind: program.KindStarlark, Tasks: []program.Task{
			{Name: "a: b", Lane: events.Shadow, Priority: -5, Cost: events.Budget{Ops: 2, Entropy: 1}, Tags: []string{"x", "1"},
				Starlark: &program.Starlark{Source: "def run(ctx):\n    return None\n", File: "a.star", Steps: 99}},
			{Name: "b", Lane: events.Forecast, Tags: []string{}, Starlark: &program.Starlark{Source: "\ndef run(ctx):\n    return 1\n", File: "b", Steps: program.DefaultSteps}},
		}},
		Contexts:  mustContexts(t, `{"a":[1,100000.0],"b":1.0}`+"\n{}\n"),
		Contents:  map[string]Content{},
		Taken:     []Taken{{filepath.Join(dir, "sub/a.star"), 30}, {filepath.Join(dir, "sub/ticks.jsonl"), 29}},
		Dir:       dir,
		Runs:      3,
		FirstTick: 40,
		Ticks:     2,
		Budget:    events.Budgets{Forecast: lane, Shadow: lane},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(program.Contexts{})); diff != "" {
		t.Error("-want +got\n", diff)
	}
	again, err := program.DecodeDefinition(got.Definition.Encode())
	if diff := cmp.Diff(got.Definition, again); err != nil || diff != "" {
		t.Error("-loaded +decoded\n", diff, err)
	}
	request := got.Request()
	document, err := events.Encode(&request)
	if err != nil {
		t.Fatal(err)
	}
	if err := events.Decode(document, new(events.WindowRequest)); err != nil {
		t.Error("request:", err)
	}
}

// The pipeline file in the package comment is one.
func TestPackageComment(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(doc), "//\tname:")
	text, _, _ = strings.Cut(text, "\n//\n")
	f := mustLoad(t, "name:"+strings.ReplaceAll(text, "\n//\t", "\n"))
	if f.Ticks != 3 || f.Definition.Tasks[0].Starlark.Steps != program.DefaultSteps || f.Contexts.At(2) != `{"text":"hello there"}` {
		t.Errorf("got %+v", f)
	}
}

func TestDefaults(t *testing.T) {
	f := mustLoad(t, good+tasks)
	if f.Runs != 12 || f.FirstTick != 0 || f.Ticks != 1 || string(f.Contexts.Encode()) != "{}\n" {
		t.Errorf("got %d runs of %d ticks from %d over %s", f.Runs, f.Ticks, f.FirstTick, f.Contexts.Encode())
	}
	f = mustLoad(t, good+tasks+"contexts: [{a: 1}, {a: 2}, {a: 3}]\n")
	if f.Ticks != 3 || f.Contexts.At(2) != `{"a":3}` {
		t.Errorf("got %d ticks, the last over %s", f.Ticks, f.Contexts.At(2))
	}
	f = mustLoad(t, good+tasks+"context: {a: 1}\nticks: 1000\n")
	if f.Ticks != 1000 || f.Contexts.At(999) != `{"a":1}` {
		t.Errorf("got %d ticks, the last over %s", f.Ticks, f.Contexts.At(999))
	}
}

// The same pipeline has the same names on the bus whatever the folder, the line
// ends and the layout of its files.
func TestNamesDependOnContentAlone(t *testing.T) {
	names := func(files string) [2]string {
		f, err := Load(filepath.Join(writeFiles(t, files), "p.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		return [2]string{f.Definition.SHA256(), f.Contexts.SHA256()}
	}
	want := names(everything)
	for _, same := range []string{
		everything,
		strings.ReplaceAll(everything, "sub/", "other/folder/"),
		strings.ReplaceAll(everything, "\n", "\r\n"),
		strings.ReplaceAll(everything, "-- p.yaml --\n", "-- p.yaml --\n# a comment\n\n"),
		strings.ReplaceAll(everything, "runs: 3", "runs: 5"),
	} {
		if got := names(same); got != want {
			t.Errorf("got %v, want %v, for\n%s", got, want, same)
		}
	}
	if got := names(strings.Replace(everything, "return None", "return 0", 1)); got[0] == want[0] {
		t.Error("other Starlark, same name")
	}
}

func TestScalars(t *testing.T) {
	for yaml, want := range map[string]string{
		"1": "1", "1.0": "1.0", "-0": "0", "-0.0": "-0.0", "+7": "7", "0x1F": "31", "0o17": "15",
		"99999999999999999999": "99999999999999999999",
		"1e5":                  "100000.0", "1E400": "Infinity", ".5": "0.5", "5.": "5.0", "6.02e23": "6.02e+23",
		".inf": "Infinity", "-.INF": "-Infinity", ".nan": "NaN",
		"~": "null", "null": "null", "": "null", "true": "true", "False": "false",
		"yes": `"yes"`, "off": `"off"`, "2001-02-03": `"2001-02-03"`, "12:30:00": `"12:30:00"`, "1.2.3": `"1.2.3"`,
		"'1'": `"1"`, `"1.0"`: `"1.0"`, `"\u00e9\n"`: `"é\n"`, "two\n   lines": `"two lines"`,
		"[1, [], {}]": "[1,[],{}]", "{b: 1, a: {c: }}": `{"a":{"c":null},"b":1}`,
		"|\n  two\n  lines\n": `"two\nlines\n"`, ">\n  two\n  lines\n": `"two lines\n"`,
	} {
		f := mustLoad(t, good+tasks+"context:\n a: "+yaml+"\n")
		if got := string(f.Contexts.At(0)); got != `{"a":`+want+"}" {
			t.Errorf("%s: got %s, want %s", yaml, got, want)
		}
	}
	for _, yaml := range []string{"010", "1_000", "0b11", "-08", "0x_1", "1_0.5", "00"} {
		if _, err := load("p.yaml", good+tasks+"context: {a: "+yaml+"}\n", noFiles, nil); err == nil {
			t.Errorf("%s: no error", yaml)
		}
	}
}

func TestParagraphs(t *testing.T) {
	files := "-- p.yaml --\n" + good + tasks + "contexts: {text: notes.md}\n-- notes.md --\n"
	for text, want := range map[string]string{
		"one":                            `{"text":"one"}` + "\n",
		"\n\n one\ntwo \n \t\nthree\n\n": `{"text":"one\ntwo"}` + "\n" + `{"text":"three"}` + "\n",
		"\uFEFFé\r\n\r\n“x”\r":           `{"text":"é"}` + "\n" + `{"text":"“x”"}` + "\n",
	} {
		f, err := Load(filepath.Join(writeFiles(t, files+text), "p.yaml"))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if got := string(f.Contexts.Encode()); got != want || f.Ticks != int64(f.Contexts.Len()) {
			t.Errorf("%q: got %d ticks over\n%s\nwant\n%s", text, f.Ticks, got, want)
		}
	}
}

func TestUseOtherContexts(t *testing.T) {
	t.Chdir(writeFiles(t, "-- a.md --\none\n\ntwo\n-- a.jsonl --\n{\"a\":1}\n{}\n{}\n-- bad.jsonl --\n{}\n{\n"))
	f := mustLoad(t, good+tasks+"ticks: 7\n")
	if err := f.UseText("a.md"); err != nil || f.Ticks != 2 || f.Contexts.At(1) != `{"text":"two"}` {
		t.Errorf("got %d ticks over\n%s, %v", f.Ticks, f.Contexts.Encode(), err)
	}
	if err := f.UseContexts("a.jsonl"); err != nil || f.Ticks != 3 || f.Contexts.At(0) != `{"a":1}` {
		t.Errorf("got %d ticks over\n%s, %v", f.Ticks, f.Contexts.Encode(), err)
	}
	err := f.UseContexts("bad.jsonl")
	const want = `bad.jsonl:2:2: the text ends too early: want the name of a member, in double quotes`
	if err == nil || err.Error() != want || !errors.Is(err, program.ErrInvalid) || f.Ticks != 3 {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestCheckOverrides(t *testing.T) {
	for _, test := range []struct {
		change func(*File)
		want   string
	}{
		{func(f *File) {}, ""},
		{func(f *File) { f.Runs = 1 }, "runs is 1: want 2 to 1000"},
		{func(f *File) { f.FirstTick = 1<<63 - 2 }, "first_tick is 9223372036854775806: with 2 ticks it goes beyond 64 bits, lower it"},
		{func(f *File) { f.FirstTick, f.Ticks = 1<<63-2, 1 }, ""},
		{func(f *File) { f.Ticks = 3 }, "3 ticks, but only 2 contexts: lower ticks, or give one context for all of them"},
		{func(f *File) { f.Budget.Shadow.Ops = -1 }, "ops of the shadow budget is -1: want 0 or more"},
	} {
		f := mustLoad(t, good+tasks+"contexts: [{}, {}]\n")
		test.change(f)
		got := ""
		if err := f.Check(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// mustLoad loads a pipeline that names no files.
func mustLoad(t testing.TB, text string) *File {
	t.Helper()
	f, err := load("p.yaml", text, noFiles, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func noFiles(path string, _ int) (string, error) {
	return "", &program.Error{File: path, Msg: "there are no files in this test"}
}

func mustContexts(t testing.TB, lines string) *program.Contexts {
	t.Helper()
	c, err := program.DecodeContexts([]byte(lines))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
