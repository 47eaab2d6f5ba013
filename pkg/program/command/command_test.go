package command

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/content"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/rules"
	"abraxas.dev/ers/pkg/scheduler"
)

var update = flag.Bool("update", false, "rewrite the golden values in testdata")

func text(s string) Source { return Memory([]byte(s)) }

// ruleSet compiles ignores, and rounds where there is a digit at the end.
func ruleSet(t testing.TB, list ...string) *rules.Set {
	t.Helper()
	var all []rules.Rule
	for _, s := range list {
		r, err := rules.ParseIgnore(s)
		if strings.Contains(s, "=") {
			r, err = rules.ParseRound(s)
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	s, err := rules.Compile(all)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var long = strings.Repeat("a line of forty characters, or about it\n", 1000)

var goldens = []struct {
	name  string
	out   Output
	rules []string
	as    map[string]content.As
}{
	{name: "nothing"},
	{name: "exit", out: Output{Exit: 3, Stderr: text("no such file\n")}},
	{name: "signal", out: Output{Signal: "SIGSEGV", Stdout: text("so far")}},
	{name: "text", out: Output{Stdout: text("first\n\nthird \"quoted\"\r\nZürich"), Probe: text("")}},
	{name: "json", out: Output{Stdout: text("{\"b\": 1e2,\n \"a\": [1, 1.0, NaN]}\n")}},
	{name: "json-scalar", out: Output{Stdout: text("0.1234567\n")}, as: map[string]content.As{"stdout": content.JSON}, rules: []string{"stdout#json:=3"}},
	{name: "jsonl", out: Output{Stdout: text("{\"b\": 1, \"a\": 2}\n[]\n")}},
	{name: "bytes", out: Output{Stdout: text("\x00\x01\xff")}},
	{name: "as", out: Output{Stdout: text("{}"), Stderr: text("no JSON"), Probe: text("\xff")},
		as: map[string]content.As{"stdout": content.Text, "stderr": content.JSON, "probe": content.Text}},
	{name: "rules-json", out: Output{Stdout: text(`{"meta":{"date":"today","by":"me"},"score":0.12345678}`)}, rules: []string{"stdout#json:/meta/date", "stdout#json:/score=3", "stdout#json:/none"}},
	{name: "rules-jsonl", out: Output{Stdout: text("{\"at\":1,\"x\":1}\n{\"at\":2}\n")}, rules: []string{"stdout#json:/*/at"}},
	{name: "rules-line", out: Output{Stdout: text("# today\nresult\n# tomorrow")}, rules: []string{"stdout#line:^#"}},
	{name: "rules-line-json", out: Output{Stdout: text("INFO starts\n{\"at\":1,\"x\":1}\n{\"at\":2}\nINFO ends\n")}, rules: []string{"stdout#line:^INFO", "stdout#json:/*/at"}},
	{name: "rules-of-others", out: Output{Stdout: text("{}"), Stderr: text("no JSON\n")}, rules: []string{"probe#json:/a", "stderr#json:/a"}},
	{name: "long", out: Output{Stdout: text(long), Stderr: text("{\"a\": \"" + strings.Repeat("x", MaxInline) + "\"}"), Probe: text(strings.Repeat("{\"a\":1}\n", MaxInline))}},
	{name: "long-rules", out: Output{Stdout: text(long + "# today\n"), Stderr: text("{\"a\": \"" + strings.Repeat("x", MaxInline) + "\"}"), Probe: text(strings.Repeat("{\"a\":1}\n", MaxInline))},
		rules: []string{"stdout#line:^#", "stderr#json:/date", "probe#json:/7"}},
	{name: "files", out: Output{Files: map[string]File{
		"out/a.txt": {Type: Regular, Content: text("a\n")}, "run.sh": {Type: Regular, Executable: true, Content: text("#!/bin/sh\n")},
		"b.json": {Type: Regular, Content: text(`{"at":1}`)}, "link": {Type: Link, Target: "out/a.txt"}, "new": {Type: Folder}, "old": {Type: Deleted},
		"empty": {Type: Regular}, "big": {Type: Regular, Content: text(long)}, "a.log": {Type: Regular, Content: text("now")}, "as": {Type: Deleted},
	}}, rules: []string{"*.json#json:/at", "file:*.log"}},
	{name: "no-files", out: Output{Files: map[string]File{}}},
}

// The values and the objects are kept in testdata: a change in them is a new version.
func TestGolden(t *testing.T) {
	for _, g := range goldens {
		m, err := g.out.Make(Options{As: g.as, Rules: ruleSet(t, g.rules...)})
		if err != nil {
			t.Fatalf("%s: %v", g.name, err)
		}
		if _, err := Read(canon.Value(m.Value)); err != nil {
			t.Errorf("%s: read: %v", g.name, err)
		}
		got := fmt.Sprintf("%s\n", m.Value)
		for _, o := range m.Objects {
			got += fmt.Sprintf("object %s %s %d raw=%v\n", o.Name, o.SHA256, o.Size, o.Raw)
			checkObject(t, o)
		}
		for i, r := range g.rules {
			got += fmt.Sprintf("%d %s\n", m.Counts[i], r)
		}
		got += strings.Join(m.Notes, "\n")
		file := filepath.Join("testdata", g.name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: %s", g.name, diff)
		}
	}
}

// checkObject makes sure that an object is what it is said to be.
func checkObject(t testing.TB, o Object) []byte {
	t.Helper()
	r, err := o.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil || fmt.Sprintf("%x", sha256.Sum256(data)) != o.SHA256 || int64(len(data)) != o.Size {
		t.Errorf("object %s is %d bytes with SHA-256 %x: %v", o.Name, len(data), sha256.Sum256(data), err)
	}
	return data
}

func TestParseAs(t *testing.T) {
	as, err := ParseAs([]string{"stdout=text", "out/*=bytes", "file:stdout=json", "out/a=jsonl"})
	if err != nil || len(as) != 4 {
		t.Fatalf("%v, %v", as, err)
	}
	o := Options{As: as}
	for name, want := range map[string]content.As{"stdout": content.Text, "stderr": "", "file:stdout": content.JSON, "file:out/a": content.JSONL, "file:out/b": content.Bytes, "file:b": ""} {
		if got := o.want(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for list, want := range map[string]string{"stdout": "write WHERE=KIND", "=text": "write WHERE=KIND", "stdout=yaml": "want json, jsonl", "value=text": "not a content",
		"/x=text": "from the working folder", "a=text,a=text": "twice"} {
		if as, err := ParseAs(strings.Split(list, ",")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", list, as, err)
		}
	}
}

func TestManyFiles(t *testing.T) {
	files := make(map[string]File)
	for i := range 400 {
		files[fmt.Sprintf("out/%03d.json", i)] = File{Type: Regular, Content: text(fmt.Sprintf(`{"n":%d,"at":"%s"}`, i, strings.Repeat("x", 300)))}
	}
	out := Output{Files: files}
	m, err := out.Make(Options{})
	if err != nil || len(m.Value) > 1000 {
		t.Fatalf("%d bytes, %v", len(m.Value), err)
	}
	r, err := Read(canon.Value(m.Value))
	if err != nil || r.FilesObject == nil || r.Files != nil {
		t.Fatalf("%+v, %v", r, err)
	}
	list, err := ReadFiles(canon.Value(checkObject(t, m.Objects[0])))
	if err != nil || len(list) != 400 {
		t.Errorf("%d files, %v", len(list), err)
	}
	if m, err = out.Make(Options{Rules: ruleSet(t, "out/*.json#json:/at")}); err != nil {
		t.Fatal(err)
	}
	if named := m.Named("build"); len(named) != 1 || named[0].Name != RawList || named[0].Task != "build" {
		t.Errorf("%+v", named)
	}
	raw := checkObject(t, m.Objects[len(m.Objects)-1])
	if n := bytes.Count(raw, []byte(`"file:out/`)); n != 400 {
		t.Errorf("%d raw contents are listed", n)
	}
}

func TestErrors(t *testing.T) {
	for want, out := range map[string]Output{
		"is not UTF-8: give the file another name": {Files: map[string]File{"\xff": {Type: Folder}}},
		"the target":                   {Files: map[string]File{"a": {Type: Link, Target: "\xff"}}},
		"unknown type":                 {Files: map[string]File{"a": {}}},
		"stdout: it cannot be opened":  {Stdout: broken{}},
		"stderr: it changed while":     {Stderr: grown{}},
		"canonical bytes: at most":     {Signal: strings.Repeat("S", scheduler.MaxValue)},
		"file:a: it cannot be opened":  {Files: map[string]File{"a": {Type: Regular, Content: broken{}}}},
		"invalid UTF-8 at byte 0 of t": {Signal: "\xff"},
	} {
		if m, err := out.Make(Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v, %v, want %s", m, err, want)
		}
	}
}

type broken struct{}

func (broken) Open() (io.ReadCloser, error) { return nil, errors.New("it cannot be opened") }
func (broken) Size() int64                  { return 1 }

type grown struct{ memory }

func (grown) Size() int64 { return 1 }

// The largest value of all is one that a task may return.
func TestLargest(t *testing.T) {
	fill := func(limit int) string { return strings.Repeat("\x01", (limit-40)/6) }
	files := make(map[string]File)
	for i := range 24 {
		files[fmt.Sprintf("%02d", i)] = File{Type: Regular, Content: text(fill(MaxInlineFile - 60))}
	}
	out := Output{Stdout: text(fill(MaxInline)), Stderr: text(fill(MaxInline)), Probe: text(fill(MaxInline)), Files: files}
	m, err := out.Make(Options{})
	if err != nil || len(m.Objects) > 0 || len(m.Value) < 180<<10 {
		t.Errorf("%d bytes, %d objects, %v", len(m.Value), len(m.Objects), err)
	}
}

func TestReadErrors(t *testing.T) {
	good := `"stderr":{"text":[]},"stdout":{"text":[]}}`
	for v, want := range map[string]string{
		`1`:                                  "not an object",
		`{` + good:                           "/exit is not a number",
		`{"signal":"",` + good:               "/signal is not text",
		`{"exit":0,"more":1,` + good:         `unknown member "more"`,
		`{"exit":0,"stderr":{"text":[]}}`:    "/stdout is missing",
		`{"exit":0,"files":1,` + good:        "/files: it is not an object",
		`{"exit":0,"files":{"a":{}},` + good: `/files: "a": unknown type`,
		`{"exit":0,"files":{"a":{"type":"file","text":[]}},` + good:                               "executable is not said",
		`{"exit":0,"files":{"a":{"type":"link"}},` + good:                                         "without a target",
		`{"exit":0,"files":{"as":"json"},` + good:                                                 "/files: /object: it is not an object",
		`{"exit":0,"probe":{},` + good:                                                            "/probe: it is not a content",
		`{"exit":0,"probe":{"text":[],"x":1},` + good:                                             `/probe: unknown member "x"`,
		`{"exit":0,"probe":{"text":1},` + good:                                                    "/probe: it is not text",
		`{"exit":0,"probe":{"text":[1]},` + good:                                                  "/probe: it is not text",
		`{"exit":0,"probe":{"text":["a"],"open":1},` + good:                                       `/probe: unknown member "open"`,
		`{"exit":0,"probe":{"bytes":"!"},` + good:                                                 "/probe: it is not bytes",
		`{"exit":0,"probe":{"json":1,"sha256":"x","size":1},` + good:                              "/probe: its sha256 and size are none",
		`{"exit":0,"probe":{"as":"yaml","object":{}},` + good:                                     "unknown kind of content",
		`{"exit":0,"probe":{"as":"text","object":{"name":"stdout","sha256":"","size":1}},` + good: "want name, sha256 and size",
	} {
		if r, err := Read(canon.Value(v)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %s", v, r, err, want)
		}
	}
}

// store keeps the objects of some outputs.
type store map[string]Object

func (s store) open(sha string) (io.ReadCloser, error) {
	o, ok := s[sha]
	if !ok {
		return nil, events.ErrNotFound
	}
	return o.Open()
}

func (s store) make(t *testing.T, out Output, list ...string) canon.Value {
	t.Helper()
	m, err := out.Make(Options{Rules: ruleSet(t, list...)})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range m.Objects {
		s[o.SHA256] = o
	}
	return canon.Value(m.Value)
}

func show(c *events.Content) string {
	if c == nil {
		return "no content"
	}
	side := func(s *string) string {
		if s == nil {
			return "nothing"
		}
		return fmt.Sprintf("%q", *s)
	}
	equal := ""
	if c.Equal {
		equal = " equal"
	}
	return fmt.Sprintf("%s as %s line %d column %d offset %d %s%s: %s, %s", c.Name, c.As, c.Line, c.Column, c.Offset, c.Pointer, equal, side(c.Expected), side(c.Found))
}

func TestExplain(t *testing.T) {
	many := func(n int, what string) map[string]File {
		files := make(map[string]File)
		for i := range n {
			files[fmt.Sprintf("f%03d", i)] = File{Type: Regular, Content: text(strings.Repeat("x", 1000))}
		}
		files["f000"] = File{Type: Regular, Content: text(what)}
		return files
	}
	for _, c := range []struct {
		name  string
		a, b  Output
		rules []string
		want  string
	}{
		{name: "exit", b: Output{Exit: 1}, want: `exit as  line 0 column 0 offset 0 : "0", "1"`},
		{name: "signal", b: Output{Signal: "SIGSEGV"}, want: `exit as  line 0 column 0 offset 0 : "0", "SIGSEGV"`},
		{name: "text", a: Output{Stdout: text("a\nb\n")}, b: Output{Stdout: text("a\nc\n")}, want: `stdout as text line 2 column 1 offset 2 : "b", "c"`},
		{name: "long text", a: Output{Stdout: text(long + "b")}, b: Output{Stdout: text(long + "c")}, want: `stdout as text line 1001 column 1 offset 40000 : "b", "c"`},
		{name: "text, one of them long", a: Output{Stderr: text("a\n")}, b: Output{Stderr: text("a\n" + long)}, want: `stderr as text line 2 column 1 offset 2 : nothing, "a line of forty characters, or about it"`},
		{name: "long text, rules", a: Output{Stdout: text("# 1\n# 1\n" + long + "b")}, b: Output{Stdout: text("# 2\n" + long + "c")}, rules: []string{"stdout#line:^#"}, want: `stdout as text line 1001 column 1 offset 40000 : "b", "c"`},
		{name: "json", a: Output{Probe: text(`{"a":[1]}`)}, b: Output{Probe: text(`{"a":[1.0]}`)}, want: `probe as json line 0 column 0 offset 0 /a/0: "1", "1.0"`},
		{name: "json in other bytes", a: Output{Stdout: text(`{"a":1}`)}, b: Output{Stdout: text(`{"a": 1}`)}, want: `stdout as json line 0 column 0 offset 0  equal: nothing, nothing`},
		{name: "long json in other bytes", a: Output{Stdout: text(`{"a":"` + strings.Repeat("x", MaxInline) + `"}`)}, b: Output{Stdout: text(`{"a": "` + strings.Repeat("x", MaxInline) + `"}`)}, want: `stdout as json line 1 column 6 offset 5  equal:`},
		{name: "jsonl", a: Output{Stdout: text("{\"a\":1}\n{}\n")}, b: Output{Stdout: text("{\"a\":1}\n{\"b\":2}\n")}, want: `stdout as jsonl line 2 column 0 offset 0 /b: nothing, "2"`},
		{name: "other kinds", a: Output{Stdout: text("{}")}, b: Output{Stdout: text("no\n")}, want: `stdout as  line 0 column 0 offset 0 : "JSON", "text"`},
		{name: "text and bytes", a: Output{Stdout: text("ab")}, b: Output{Stdout: text("a\x00")}, want: `stdout as bytes line 0 column 0 offset 1 : "61 62", "61 00"`},
		{name: "a file", a: Output{Files: map[string]File{"a/b": {Type: Regular, Content: text("1\n")}}}, b: Output{Files: map[string]File{"a/b": {Type: Regular, Content: text("2\n")}}}, want: `file:a/b as text line 1 column 1 offset 0 : "1", "2"`},
		{name: "a file less", a: Output{Files: map[string]File{"a/b": {Type: Regular}}}, b: Output{Files: map[string]File{}}, want: `file:a/b as  line 0 column 0 offset 0 : "file", nothing`},
		{name: "a link now", a: Output{Files: map[string]File{"a/b": {Type: Regular}}}, b: Output{Files: map[string]File{"a/b": {Type: Link, Target: "c"}}}, want: `file:a/b as  line 0 column 0 offset 0 : "file", "link to c"`},
		{name: "executable now", a: Output{Files: map[string]File{"b": {Type: Regular}}}, b: Output{Files: map[string]File{"b": {Type: Regular, Executable: true}}}, want: `file:b as  line 0 column 0 offset 0 : "file", "executable file"`},
		{name: "many files", a: Output{Files: many(200, "a")}, b: Output{Files: many(200, "b")}, want: `file:f000 as text line 1 column 1 offset 0 : "a", "b"`},
		{name: "many files and some", a: Output{Files: many(20, "a")}, b: Output{Files: many(200, "a")}, want: `file:f020 as  line 0 column 0 offset 0 : nothing, "file"`},
	} {
		s := make(store)
		a, b := s.make(t, c.a, c.rules...), s.make(t, c.b, c.rules...)
		pointer, _, _ := canon.FirstDifference("", a, b, events.MaxPointer)
		got, err := Explain(a, b, pointer, s.open)
		if err != nil || !strings.HasPrefix(show(got), c.want) {
			t.Errorf("%s: %s, %v, want %s", c.name, show(got), err, c.want)
		}
		if len(s) == 0 {
			continue
		}
		if got, err := Explain(a, b, pointer, store{}.open); !errors.Is(err, events.ErrNotFound) {
			t.Errorf("%s: without its objects: %s, %v", c.name, show(got), err)
		}
	}
}

// Outputs that differ have values that differ, and the other way round; nothing is read
// but what is there.
func FuzzMake(f *testing.F) {
	f.Add([]byte("{\"a\": 1}\n"), []byte("{\"a\":1}"))
	f.Add([]byte("a\nb"), []byte("a\nb\n"))
	f.Add([]byte("\xff"), []byte(""))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		s := make(store)
		x, y := s.make(t, Output{Stdout: Memory(a)}), s.make(t, Output{Stdout: Memory(b)})
		if (x == y) != bytes.Equal(a, b) {
			t.Fatalf("%q is %s, %q is %s", a, x, b, y)
		}
		r, err := Read(x)
		if err != nil || !x.IsCanonical() {
			t.Fatalf("%s: %v", x, err)
		}
		in, err := r.Stdout.Reader(s.open)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if back, err := io.ReadAll(in); err != nil || r.Stdout.Exact() && !bytes.Equal(back, a) {
			t.Fatalf("%q is read as %q, %v", a, back, err)
		}
		if x == y {
			return
		}
		pointer, _, _ := canon.FirstDifference("", x, y, events.MaxPointer)
		if d, err := Explain(x, y, pointer, s.open); d == nil || err != nil {
			t.Fatalf("%s and %s: %s, %v", x, y, show(d), err)
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, name := range slices.Sorted(maps.Keys(map[string]int{"text": 0, "files": 0})) {
		data, _ := os.ReadFile(filepath.Join("testdata", name+".txt"))
		f.Add(bytes.SplitN(data, []byte("\n"), 2)[0])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := canon.Parse(data)
		if err != nil {
			return
		}
		r, err := Read(v)
		if err != nil {
			return
		}
		if in, err := r.Stdout.Reader(store{}.open); err == nil {
			in.Close()
		}
	})
}
