package rules

import (
	"encoding/json"
	"io"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

func TestParse(t *testing.T) {
	for s, want := range map[string]Rule{
		"stdout#json:/meta/date":       {Ignore, "stdout", JSON, "/meta/date", 0},
		"out.vcf#line:^##fileDate=":    {Ignore, "file:out.vcf", Line, "^##fileDate=", 0},
		"file:*.log":                   {Ignore, "file:*.log", File, "", 0},
		"file:stdout#line:x":           {Ignore, "file:stdout", Line, "x", 0},
		"stderr#line:":                 {Ignore, "stderr", Line, "", 0},
		"value#json:/*/a~1b":           {Ignore, "value", JSON, "/*/a~1b", 0},
		"a/**/b#c.json#json:/x#line:y": {Ignore, "file:a/**/b#c.json", JSON, "/x#line:y", 0},
	} {
		got, err := ParseIgnore(s)
		if err != nil || got != want || got.String() != s {
			t.Errorf("%s: %+v, %v, written %s", s, got, err, got)
		}
	}
	for s, want := range map[string]Rule{
		"stdout#json:/score=12": {Rounds, "stdout", JSON, "/score", 12},
		"probe#json:=1":         {Rounds, "probe", JSON, "", 1},
		"o.json#json:/a=b=17":   {Rounds, "file:o.json", JSON, "/a=b", 17},
	} {
		got, err := ParseRound(s)
		if err != nil || got != want || got.String() != s {
			t.Errorf("%s: %+v, %v, written %s", s, got, err, got)
		}
	}
	if r, err := ParseIgnore("file:a.txt#line:x"); err != nil || r.String() != "a.txt#line:x" {
		t.Errorf("%s, %v", r, err)
	}
}

func TestParseErrors(t *testing.T) {
	for s, want := range map[string]string{
		"":                  "does not say what of it",
		"stdout":            "stdout#json:/pointer or stdout#line:REGEXP",
		"out.log":           "write file:out.log for the whole file",
		"#json:/a":          "does not say where",
		"stdout#xml:/a":     "behind # stands json:",
		"stdout#json:a":     "write /a",
		"stdout#json:":      "write stdout#line: if that is wanted",
		"o.json#json:":      "write file:o.json",
		"stdout#json:/a~2":  "~ in a JSON pointer is written ~0",
		"stdout#line:(":     "must be a regular expression of RE2",
		"stdout#line:(?=x)": "must be a regular expression of RE2",
		"value#line:x":      "a value has no lines",
		"file:":             "does not say which file",
		"file:/tmp/x":       "from the working folder",
		"file:../x":         "from the working folder",
		"file:./x":          "write x",
		"file:a/":           "write a",
		"file:[":            "is not a glob",
		"file:**.log":       "write **/*.log",
		"file:a#b":          "write ? for the #",
		"stdout#line:" + strings.Repeat("x", MaxPattern+1): "longer than",
	} {
		if r, err := ParseIgnore(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ignore %.40s: %+v, %v, want %s", s, r, err, want)
		}
	}
	for s, want := range map[string]string{
		"stdout#json:/a":     "how many significant digits? Write stdout#json:/a=12",
		"stdout#json:/a=":    "want 1 to 17",
		"stdout#json:/a=0":   "want 1 to 17",
		"stdout#json:/a=18":  "want 1 to 17",
		"stdout#json:/a=012": "want 1 to 17",
		"stdout#line:x=3":    "only numbers in JSON can be rounded",
		"file:a=3":           "only numbers in JSON can be rounded",
	} {
		if r, err := ParseRound(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("round %s: %+v, %v, want %s", s, r, err, want)
		}
	}
}

func TestCheckAll(t *testing.T) {
	rule := func(s string) Rule {
		r, err := ParseIgnore(s)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	a, v := rule("stdout#json:/a"), rule("value#json:/a")
	for want, err := range map[string]error{
		"":                    CheckAll([]Rule{a, rule("stdout#json:/b")}, true),
		"no other value":      CheckAll([]Rule{v}, true),
		"only a command has":  CheckAll([]Rule{a}, false),
		"stands there twice":  CheckAll([]Rule{a, a}, true),
		"at most":             CheckAll(make([]Rule, MaxRules+1), true),
		"want stdout, stderr": CheckAll([]Rule{{Ignore, "stdin", JSON, "/a", 0}}, true),
		"want ignore or":      CheckAll([]Rule{{"", "stdout", JSON, "/a", 0}}, true),
		"want json or line":   CheckAll([]Rule{{Ignore, "stdout", "xml", "/a", 0}}, true),
		"what is ignored":     CheckAll([]Rule{{Ignore, "stdout", JSON, "/a", 1}}, true),
		"whole":               CheckAll([]Rule{{Ignore, "stdout", File, "", 0}}, true),
	} {
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// A rule in a definition is read back as it was written, and strictly.
func TestDocument(t *testing.T) {
	r, _ := ParseRound("stdout#json:/score=12")
	data, err := events.Encode(&r)
	if want := `{"digits":12,"do":"round","kind":"json","pattern":"/score","where":"stdout"}`; err != nil || string(data) != want {
		t.Fatalf("%s, %v", data, err)
	}
	var back Rule
	if err := events.Decode(data, &back); err != nil || back != r {
		t.Errorf("%+v, %v", back, err)
	}
}

func apply(t *testing.T, v canon.Value, list ...string) (canon.Value, Counts) {
	t.Helper()
	s := compile(t, list...)
	counts := s.NewCounts()
	return s.Content(Stdout).JSON(v, counts), counts
}

func compile(t *testing.T, list ...string) *Set {
	t.Helper()
	var rules []Rule
	for _, text := range list {
		r, err := ParseIgnore(text)
		if strings.Contains(text, "=") {
			r, err = ParseRound(text)
		}
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r)
	}
	s, err := Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJSON(t *testing.T) {
	for _, c := range []struct {
		rules  string
		v      canon.Value
		want   canon.Value
		counts Counts
	}{
		{"stdout#json:/a", `{"a":1,"b":2}`, `{"b":2}`, Counts{1}},
		{"stdout#json:/b", `{"a":1,"b":2}`, `{"a":1}`, Counts{1}},
		{"stdout#json:/c", `{"a":1,"b":2}`, `{"a":1,"b":2}`, Counts{0}},
		{"stdout#json:/*", `{"a":1,"b":2}`, `{}`, Counts{2}},
		{"stdout#json:/1", `[1,2,3]`, `[1,null,3]`, Counts{1}},
		{"stdout#json:/*", `[1,[2]]`, `[null,null]`, Counts{2}},
		{"stdout#json:/*/d", `[{"d":1},{"d":2,"e":{"d":3}},4]`, `[{},{"e":{"d":3}},4]`, Counts{2}},
		{"stdout#json:/a~1b/~0", `{"a/b":{"~":1,"\n":"\"\\"}}`, `{"a/b":{"\n":"\"\\"}}`, Counts{1}},
		{"stdout#json:/a stderr#json:/b o.json#json:/b", `{"a":1,"b":2}`, `{"b":2}`, Counts{1, 0, 0}},
		{"stdout#json:/s=3", `{"s":0.123456,"t":0.123456}`, `{"s":0.123,"t":0.123456}`, Counts{1}},
		{"stdout#json:=3", `{"s":[0.123456,1234567,"0.123456"],"t":12345.6}`, `{"s":[0.123,1234567,"0.123456"],"t":12300.0}`, Counts{2}},
		{"stdout#json:=3", `0.123456`, `0.123`, Counts{1}},
		{"stdout#json:/s=3 stdout#json:/s", `{"s":0.123456}`, `{}`, Counts{1, 1}},
		{"stdout#json:/a/b", `7`, `7`, Counts{0}},
	} {
		got, counts := apply(t, c.v, strings.Fields(c.rules)...)
		if got != c.want || !slices.Equal(counts, c.counts) {
			t.Errorf("%s of %s: %s %v, want %s %v", c.rules, c.v, got, counts, c.want, c.counts)
		}
		if again, _ := apply(t, got, strings.Fields(c.rules)...); again != got || !got.IsCanonical() {
			t.Errorf("%s of %s again: %s", c.rules, got, again)
		}
	}
}

func TestValue(t *testing.T) {
	s := compile(t, "value#json:/at", "value#json:/score=2")
	counts := s.NewCounts()
	if got := s.Value(`{"at":1,"score":0.123}`, counts); got != `{"score":0.12}` || !slices.Equal(counts, Counts{1, 1}) {
		t.Errorf("%s %v", got, counts)
	}
	if got := (*Set)(nil).Value("1", nil); got != "1" {
		t.Errorf("no rules: %s", got)
	}
}

func read(t *testing.T, r io.Reader) string {
	t.Helper()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestLines(t *testing.T) {
	s := compile(t, "stdout#line:^#", "stdout#line:date$")
	c := s.Content(Stdout)
	for text, want := range map[string]string{
		"": "", "a\n": "a\n", "#a\nb\n": "b\n", "b\n#a": "b\n", "x date\r\ny\r\n": "y\r\n", "#": "", "#date\nx#": "x#", "\n\n": "\n\n",
		"#" + strings.Repeat("x", 3*MaxLine) + "\nb": "b", strings.Repeat("x", 3*MaxLine) + "date": strings.Repeat("x", 3*MaxLine) + "date",
	} {
		for range 2 {
			if got := read(t, c.Lines(iotest.HalfReader(strings.NewReader(text)), nil)); got != want {
				t.Errorf("%.40q: %.40q", text, got)
			}
		}
	}
	counts := s.NewCounts()
	read(t, c.Lines(strings.NewReader("#a\n#b date\nc\n"), counts))
	if !slices.Equal(counts, Counts{2, 1}) {
		t.Errorf("counts %v", counts)
	}
	all := compile(t, "stdout#line:").Content(Stdout)
	if got := read(t, all.Lines(strings.NewReader("a\n\nb\x00"), nil)); got != "" {
		t.Errorf("all lines ignored: %q", got)
	}
}

func TestJSONLines(t *testing.T) {
	for _, c := range []struct{ rules, text, want string }{
		{"stdout#json:/*/at", "{\"at\": 1, \"b\": 1e2}\n[2]\n{\"at\":3}", "{\"b\":100.0}\n[2]\n{}\n"},
		{"stdout#json:/1/at", "{\"at\":1}\n{\"at\":2}\n", "{\"at\":1}\n{}\n"},
		{"stdout#json:/0", "{}\n{}\n", "null\n{}\n"},
		{"stdout#json:=1", "[0.12]\n[0.19]\n", "[0.1]\n[0.2]\n"},
	} {
		s := compile(t, c.rules)
		if got := read(t, s.Content(Stdout).JSONLines(strings.NewReader(c.text), nil)); got != c.want {
			t.Errorf("%s: %q", c.rules, got)
		}
	}
	if _, err := io.ReadAll(compile(t, "stdout#json:/0").Content(Stdout).JSONLines(strings.NewReader("{}\nx\n"), nil)); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("%v", err)
	}
}

func TestFiles(t *testing.T) {
	s := compile(t, "file:*.log", "file:cache/**", "file:**/x")
	counts := s.NewCounts()
	for path, want := range map[string]bool{"a.log": true, "b/a.log": false, "cache/a": true, "cache/a/b": true, "cach": false, "x": true, "a/x": true, "a/b/x": true, "a/b/xx": false} {
		if got := s.IgnoresFile(path, counts); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
	if !slices.Equal(counts, Counts{1, 2, 3}) {
		t.Errorf("counts %v", counts)
	}
	s = compile(t, "out/*.json#json:/a", "stdout#json:/a")
	if s.Content("file:out/x.json") == nil || s.Content("file:x.json") != nil || s.Content(FileName(Stdout)) != nil || s.Content(Stderr) != nil {
		t.Error("rules of other contents")
	}
}

func TestRound(t *testing.T) {
	for _, c := range []struct {
		f      float64
		digits int
		want   float64
	}{
		{0.25, 1, 0.2}, {0.35, 1, 0.4}, {0.251, 1, 0.3}, {2.675, 3, 2.68}, {2.665, 3, 2.66}, {0.1249, 2, 0.12}, {0.1251, 2, 0.13},
		{999.5, 3, 1000}, {9.99, 1, 10}, {-1.55, 2, -1.6}, {1234567.0, 3, 1230000}, {1e22, 1, 1e22}, {5e-324, 1, 5e-324}, {1.5e-320, 1, 1e-320},
		{math.MaxFloat64, 1, math.MaxFloat64}, {math.MaxFloat64, 17, math.MaxFloat64}, {0, 1, 0}, {100, 1, 100}, {123, 0, 123},
		{math.Inf(1), 3, math.Inf(1)},
	} {
		if got := Round(c.f, c.digits); got != c.want && !(c.f == 1.5e-320) {
			t.Errorf("%v with %d digits: %v, want %v", c.f, c.digits, got, c.want)
		}
	}
	if got := Round(math.Copysign(0, -1), 3); !math.Signbit(got) || got != 0 {
		t.Errorf("-0.0 becomes %v", got)
	}
	if !math.IsNaN(Round(math.NaN(), 3)) {
		t.Error("NaN becomes a number")
	}
}

// Rounding again changes nothing, keeps the sign, and comes to the decimal that exact
// arithmetic comes to.
func TestRoundProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, digits := rapid.Float64().Draw(t, "f"), rapid.IntRange(1, MaxDigits).Draw(t, "digits")
		got := Round(f, digits)
		if again := Round(got, digits); again != got {
			t.Fatalf("%v, again %v", got, again)
		}
		if math.Signbit(got) != math.Signbit(f) {
			t.Fatalf("the sign of %v became that of %v", f, got)
		}
		// The nearest decimal of so many digits, by exact arithmetic.
		exact, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'e', -1, 64))
		unit := new(big.Rat).SetInt64(1)
		if f != 0 {
			e, _ := strconv.Atoi(strings.SplitN(strconv.FormatFloat(f, 'e', -1, 64), "e", 2)[1])
			unit.SetString("1e" + strconv.Itoa(e-digits+1))
		}
		quotient := new(big.Rat).Quo(exact, unit)
		floor := new(big.Int).Div(quotient.Num(), quotient.Denom())
		rest := new(big.Rat).Sub(quotient, new(big.Rat).SetInt(floor))
		if c := rest.Cmp(big.NewRat(1, 2)); c > 0 || c == 0 && floor.Bit(0) == 1 {
			floor.Add(floor, big.NewInt(1))
		}
		want, _ := new(big.Rat).Mul(new(big.Rat).SetInt(floor), unit).Float64()
		if got != want && !math.IsInf(want, 0) {
			t.Fatalf("%v with %d digits: %v, want %v", f, digits, got, want)
		}
	})
}

// Rules never touch what they do not name: a twin works on decoded trees.
func TestJSONProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, err := canon.Of(tree(t, 3))
		if err != nil {
			t.Fatal(err)
		}
		path := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "*", "0", "1"}), 1, 3).Draw(t, "path")
		r := Rule{Do: Ignore, Where: Stdout, Kind: JSON, Pattern: "/" + strings.Join(path, "/")}
		if rapid.Bool().Draw(t, "round") {
			r.Do, r.Digits = Rounds, 2
		}
		s, err := Compile([]Rule{r})
		if err != nil {
			t.Fatal(err)
		}
		got := s.Content(Stdout).JSON(v, nil)
		x, _ := v.Decode()
		want, _ := canon.Of(twin(x, path, r))
		if got != want {
			t.Fatalf("%s of %s: %s, want %s", r, v, got, want)
		}
		if again := s.Content(Stdout).JSON(got, nil); again != got {
			t.Fatalf("again: %s", again)
		}
	})
}

func tree(t *rapid.T, depth int) any {
	switch n := rapid.IntRange(0, 5).Draw(t, "kind"); {
	case n == 0 || depth == 0:
		return rapid.SampledFrom([]any{nil, true, 1, 1.2345, "x", -0.00123}).Draw(t, "scalar")
	case n < 3:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "elements") {
			list = append(list, tree(t, depth-1))
		}
		return list
	default:
		m := map[string]any{}
		for _, name := range []string{"a", "b", "c", "0"} {
			if rapid.Bool().Draw(t, "has") {
				m[name] = tree(t, depth-1)
			}
		}
		return m
	}
}

func twin(x any, path []string, r Rule) any {
	if f, ok := x.(float64); ok && len(path) == 0 && r.Do == Rounds {
		f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'g', 2, 64), 64) // no halves among the samples
		return f
	}
	var rest []string
	if len(path) > 0 {
		rest = path[1:]
	}
	named := func(name string) bool { return len(path) == 0 || path[0] == "*" || path[0] == name }
	switch x := x.(type) {
	case []any:
		for i := range x {
			if named(strconv.Itoa(i)) && len(path) == 1 && r.Do == Ignore {
				x[i] = nil
			} else if named(strconv.Itoa(i)) {
				x[i] = twin(x[i], rest, r)
			}
		}
	case map[string]any:
		for name := range x {
			if named(name) && len(path) == 1 && r.Do == Ignore {
				delete(x, name)
			} else if named(name) {
				x[name] = twin(x[name], rest, r)
			}
		}
	}
	return x
}

func FuzzParse(f *testing.F) {
	f.Add("stdout#json:/a=3")
	f.Add("file:*.log")
	f.Fuzz(func(t *testing.T, s string) {
		for _, parse := range []func(string) (Rule, error){ParseIgnore, ParseRound} {
			r, err := parse(s)
			if err != nil {
				continue
			}
			back, err := parse(r.String())
			if err != nil || back != r {
				t.Fatalf("%q is %+v, written %q, which is %+v, %v", s, r, r, back, err)
			}
			if _, err := Compile([]Rule{r}); err != nil {
				t.Fatal(err)
			}
			json.Marshal(r)
		}
	})
}
