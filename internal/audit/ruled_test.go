package audit

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/command"
	"abraxas.dev/ers/pkg/rules"
)

// ruledDefinition is testDefinition, in which ingest runs a command and filter has a rule.
var ruledDefinition = func() string {
	d := strings.Replace(canonicalDefinition, `"lane":"forecast","name":"ingest"`, `"command":{},"lane":"forecast","name":"ingest"`, 1)
	d = strings.Replace(d, `"kind":"starlark"`, `"kind":"exec"`, 1)
	rule := func(where, kind, pattern string, digits int) string {
		do := "ignore"
		if digits > 0 {
			do = "round"
		}
		return fmt.Sprintf(`{"digits":%d,"do":"%s","kind":"%s","pattern":"%s","where":"%s"}`, digits, do, kind, pattern, where)
	}
	ofCommand := strings.Join([]string{rule("stdout", "json", "/date", 0), rule("stdout", "json", "/score", 3), rule("stderr", "line", "^#", 0), rule("probe", "json", "/*/at", 0),
		rule("file:*.log", "file", "", 0), rule("file:out/**", "line", "^#", 0)}, ",")
	d = strings.Replace(d, `"name":"ingest","priority":0,`, `"name":"ingest","priority":0,"rules":[`+ofCommand+`],`, 1)
	d = strings.Replace(d, `"name":"filter","priority":1,`, `"name":"filter","priority":1,"rules":[`+rule("value", "json", "/at", 0)+`],`, 1)
	v, err := canon.Parse([]byte(d))
	if err != nil {
		panic(err)
	}
	return string(v)
}()

var commandRules = func() *rules.Set {
	var list []rules.Rule
	for _, s := range []string{"stdout#json:/date", "stderr#line:^#", "probe#json:/*/at", "file:*.log", "out/**#line:^#"} {
		r, err := rules.ParseIgnore(s)
		if err != nil {
			panic(err)
		}
		list = append(list, r)
	}
	r, err := rules.ParseRound("stdout#json:/score=3")
	if err != nil {
		panic(err)
	}
	s, err := rules.Compile(append(list, r))
	if err != nil {
		panic(err)
	}
	return s
}()

// commandOutput is what the command comes to in a run and tick: the rules make the same
// of it in all runs.
func commandOutput(run int, tick int64) command.Output {
	now := fmt.Sprintf("run %d, tick %d", run, tick)
	long := strings.Repeat("a line that is always the same\n", 2000)
	return command.Output{
		Stdout: command.Memory(fmt.Appendf(nil, `{"date":"%s","tick":%d, "score": 0.12345%d, "nan": [NaN, 1e2]}`, now, tick, run)),
		Stderr: command.Memory([]byte("# " + now + "\n" + long)),
		Probe:  command.Memory(fmt.Appendf(nil, "{\"at\":\"%s\",\"x\":1}\n{\"at\":2,\"x\":2.0}\n", now)),
		Files: map[string]command.File{
			"out/a/b.txt": {Type: command.Regular, Content: command.Memory([]byte("x\n# " + now))},
			"big.txt":     {Type: command.Regular, Content: command.Memory([]byte(long))},
			"a.log":       {Type: command.Regular, Content: command.Memory([]byte(now))},
			"old":         {Type: command.Deleted},
		},
	}
}

// ruled makes a script of a window with a command and rules. change may change what the
// command has come to, and the objects that a frame names.
func ruled(s *script, output func(run int, tick int64, out *command.Output), named func(run int, tick int64, list []events.Object) []events.Object) {
	s.definition = ruledDefinition
	s.request = func(q *events.WindowRequest) { q.Kind = "exec" }
	objects := map[int]map[int64][]events.Object{}
	s.ticks = func(run int, ticks []events.Tick) {
		objects[run] = map[int64][]events.Object{}
		for i := range ticks {
			t := &ticks[i]
			out := commandOutput(run, t.Tick)
			if output != nil {
				output(run, t.Tick, &out)
			}
			m, err := out.Make(command.Options{Rules: commandRules})
			s.must(err)
			for _, o := range m.Objects {
				if o.SHA256 == s.lost {
					continue
				}
				s.must(s.bus.PutObjectFrom(s.t.Context(), o.SHA256, o.Size, o.Open))
			}
			raw := fmt.Sprintf(`{"at":%d,"rows":1}`, run)
			t.Results[0].Value, t.Results[1].Value = canon.Value(m.Value), `{"rows":1}`
			list := append(m.Named("ingest"), events.Object{Task: "filter", Name: "value", SHA256: s.put(raw), Size: int64(len(raw))})
			if named != nil {
				list = named(run, t.Tick, list)
			}
			objects[run][t.Tick] = list
		}
	}
	s.frames = func(run int, frames [][]byte) [][]byte {
		for i, frame := range frames {
			var d events.FrameDecoder
			s.must(d.DecodePosition(frame))
			if x := (events.Extra{Objects: objects[run][d.Tick]}); d.First == 0 && len(x.Objects) > 0 {
				with, err := x.Add(frame, &d.Position, false)
				s.must(err)
				frames[i] = with
			}
		}
		return frames
	}
}

// replace lets a frame name other raw bytes in run 1 at tick 5, or none.
func replace(task, name string, with func() *events.Object) func(int, int64, []events.Object) []events.Object {
	return func(run int, tick int64, list []events.Object) []events.Object {
		if run != 1 || tick != 5 {
			return list
		}
		var changed []events.Object
		for _, o := range list {
			if o.Task == task && o.Name == name {
				x := with()
				if x == nil {
					continue
				}
				x.Task, x.Name = task, name
				o = *x
			}
			changed = append(changed, o)
		}
		return changed
	}
}

// Rules that are not what made the values, and objects that are not there.
func TestForgedRules(t *testing.T) {
	t.Parallel()
	found := func(kind Kind, message string) func(*script) []want {
		return func(s *script) []want {
			return []want{{kind, onTrace, s.frameSeqs[1][0], 1, 5, false, message}}
		}
	}
	late := func(message string) func(*script) []want { // said when the tick is over
		return func(s *script) []want {
			return []want{{Contradiction, onTrace, s.frameSeqs[1][len(s.frameSeqs[1])/4-1], 1, 5, false, message}}
		}
	}
	var list []forgery
	add := func(name string, forge func(s *script), want func(*script) []want) {
		list = append(list, forgery{name, forge, want})
	}
	add("none", func(s *script) { ruled(s, nil, nil) }, func(*script) []want { return nil })
	for _, c := range []struct{ task, name, raw, message string }{
		{"ingest", "stdout", `{"date":1,"tick":5, "score": 0.1245, "nan": [NaN, 1e2]}`, "something else"},
		{"ingest", "stdout", `no JSON`, "nothing: "},
		{"ingest", "stderr", "# 1\nanother line\n", "something else"},
		{"ingest", "probe", "{\"at\":1,\"x\":1}\n{\"at\":2,\"x\":3}\n", "something else"},
		{"ingest", "file:out/a/b.txt", "y\n# 1", "something else"},
		{"filter", "value", `{"at":1,"rows":2}`, "something else"},
	} {
		other := func(s *script) func() *events.Object {
			return func() *events.Object { return &events.Object{SHA256: s.put(c.raw), Size: int64(len(c.raw))} }
		}
		add("other "+c.name+" "+c.message, func(s *script) { ruled(s, nil, replace(c.task, c.name, other(s))) },
			func(s *script) []want {
				message := fmt.Sprintf("%s of task %q: the rules make of the raw bytes %s", c.name, c.task, c.message)
				return []want{{Contradiction, onTrace, s.frameSeqs[1][len(s.frameSeqs[1])/4-1], 1, 5, false, message}}
			})
	}
	add("raw bytes that are not there", func(s *script) {
		ruled(s, nil, replace("ingest", "stdout", func() *events.Object { return &events.Object{SHA256: strings.Repeat("0", 64), Size: 1} }))
	}, found(Gap, "which the frame names: it is not in the bucket"))
	none := func() *events.Object { return nil }
	add("stdout without raw bytes", func(s *script) { ruled(s, nil, replace("ingest", "stdout", none)) }, late(`rules apply to stdout of task "ingest", and the frame does not name the bytes`))
	add("value without raw bytes", func(s *script) { ruled(s, nil, replace("filter", "value", none)) }, func(*script) []want { return nil }) // the rules leave it as it is
	checkForgeries(t, list)
}

// A value in which what the rules ignore still stands, and one that no command comes to.
func TestForgedValues(t *testing.T) {
	t.Parallel()
	change := func(task int, value canon.Value) func(*script) {
		return func(s *script) {
			ruled(s, nil, replace("filter", "value", func() *events.Object { return nil }))
			ticks := s.ticks
			s.ticks = func(run int, list []events.Tick) {
				ticks(run, list)
				list[0].Results[task].Value = value // in all runs: they agree
			}
		}
	}
	// at is a finding of the first frame of a run's first tick, or of its last.
	at := func(s *script, kind Kind, run, frame int, message string) want {
		return want{kind, onTrace, s.frameSeqs[run][frame], run, 5, false, message}
	}
	end := func(s *script) int { return len(s.frameSeqs[0])/4 - 1 }
	sha := strings.Repeat("1", 64)
	checkForgeries(t, []forgery{
		{"ignored, and there", change(1, `{"at":7}`), func(s *script) []want {
			other := `value of task "filter": the rules make of the raw bytes something else`
			return []want{at(s, Contradiction, 0, end(s), other), at(s, Contradiction, 1, end(s), `rules apply to value of task "filter"`), at(s, Contradiction, 2, end(s), other)}
		}},
		{"no output", change(0, `{"exit":0}`), func(s *script) (list []want) {
			for run := range 3 {
				list = append(list, at(s, Contradiction, run, 0, `task "ingest" has a value that no command comes to: {"exit":0}`))
			}
			return list
		}},
		{"an object that is not there", change(0, canon.Value(`{"exit":0,"stderr":{"as":"text","object":{"name":"stderr","sha256":"`+sha+`","size":1}},"stdout":{"text":[]}}`)), func(s *script) []want {
			list := []want{at(s, Gap, 0, 0, "object "+sha+", which the frame names")}
			for run := range 3 {
				list = append(list, at(s, Contradiction, run, end(s), `stderr of task "ingest": the rules make of the raw bytes something else`))
			}
			return list
		}},
	})
}

// What a verdict says of contents that differ.
func TestForgedContent(t *testing.T) {
	t.Parallel()
	differing := func(what func(out *command.Output), change func(*events.Verdict)) func(*script) {
		return func(s *script) {
			s.definition = strings.Replace(canonicalDefinition, `"kind":"starlark"`, `"kind":"exec"`, 1)
			s.definition = strings.Replace(s.definition, `"lane":"forecast","name":"ingest"`, `"command":{},"lane":"forecast","name":"ingest"`, 1)
			v, err := canon.Parse([]byte(s.definition))
			s.must(err)
			s.definition = string(v)
			s.request = func(q *events.WindowRequest) { q.Kind = "exec" }
			var values [3]canon.Value
			s.ticks = func(run int, ticks []events.Tick) {
				for i := range ticks {
					out := command.Output{Stdout: command.Memory([]byte("one\ntwo\n")), Stderr: command.Memory([]byte(strings.Repeat("x", 100_000)))}
					if run == 2 {
						what(&out)
					}
					m, err := out.Make(command.Options{})
					s.must(err)
					for _, o := range m.Objects {
						s.must(s.bus.PutObjectFrom(s.t.Context(), o.SHA256, o.Size, o.Open))
					}
					values[run] = canon.Value(m.Value)
					ticks[i].Results[0].Value = values[run]
				}
			}
			s.verdict = func(v *events.Verdict) { // as the gate makes it, which reads objects
				open := func(sha string) (io.ReadCloser, error) { return s.bus.OpenObject(context.Background(), sha) }
				c, err := command.Explain(values[0], values[2], strings.TrimPrefix(v.Divergence.Pointer, "/value"), open)
				s.must(err)
				v.Divergence.Content = c
				change(v)
			}
		}
	}
	line := func(out *command.Output) { out.Stdout = command.Memory([]byte("one\ntwO\n")) }
	long := func(out *command.Output) {
		out.Stderr = command.Memory([]byte(strings.Repeat("x", 99_999) + "y" + strings.Repeat("x", 1000)))
	}
	exit := func(out *command.Output) { out.Exit = 1 }
	at := func(messages ...string) func(*script) []want {
		return func(s *script) (list []want) {
			for _, m := range messages {
				list = append(list, want{Difference, onVerdict, s.verdictSeq, -1, -1, false, m})
			}
			return list
		}
	}
	other := "other"
	checkForgeries(t, []forgery{
		{"none", differing(line, func(*events.Verdict) {}), at()},
		{"none of a long one", differing(long, func(*events.Verdict) {}), at()},
		{"none of an exit status", differing(exit, func(*events.Verdict) {}), at()},
		{"left out", differing(line, func(v *events.Verdict) { v.Divergence.Content = nil }), at("/divergence/content is nothing, computed again it is")},
		{"line", differing(line, func(v *events.Verdict) { v.Divergence.Content.Line++ }), at("/divergence/content/line is 3, computed again it is 2")},
		{"column", differing(long, func(v *events.Verdict) { v.Divergence.Content.Column++ }), at("/divergence/content/column is 100001, computed again it is 100000")},
		{"what is expected", differing(line, func(v *events.Verdict) { v.Divergence.Content.Expected = &other }), at(`/divergence/content/expected is "other", computed again it is "two"`)},
		{"what is found", differing(long, func(v *events.Verdict) { v.Divergence.Content.Found = nil }), at(`/divergence/content/found is null`)},
		{"exit status", differing(exit, func(v *events.Verdict) { v.Divergence.Content.Found = &other }), at(`/divergence/content/found is "other", computed again it is "1"`)},
		{"of another value", func(s *script) {
			s.ticks = func(run int, ticks []events.Tick) {
				if run == 2 {
					ticks[1].Results[0].Value = `{"rows":7}`
				}
			}
			s.verdict = func(v *events.Verdict) { v.Divergence.Content = &events.Content{Name: "stdout"} }
		}, at(`/divergence/content is {"expected":null,"found":null,"name":"stdout"}, computed again it is nothing`)},
	})
}

// Where all files are an object, those that it names are looked for too.
func TestListedObjects(t *testing.T) {
	t.Parallel()
	b := bustest.Open(t)
	s := newScript(t, b)
	ruled(s, func(run int, tick int64, out *command.Output) {
		for i := range 200 {
			out.Files[fmt.Sprintf("f%03d", i)] = command.File{Type: command.Regular, Content: command.Memory([]byte(strings.Repeat("x", 1000)))}
			out.Files[fmt.Sprintf("out/%03d", i)] = command.File{Type: command.Regular, Content: command.Memory(fmt.Appendf(nil, "# %d\n%d", run, i))}
		}
	}, nil)
	s.write()
	check(t, s.audit(), events.Pass)

	s = newScript(t, b)
	ruled(s, func(run int, tick int64, out *command.Output) {
		for i := range 200 {
			out.Files[fmt.Sprintf("f%03d", i)] = command.File{Type: command.Regular, Content: command.Memory([]byte(strings.Repeat("x", 1000)))}
		}
		only := fmt.Sprintf("only here %s", strings.Repeat("z", 10_000))
		s.lost = canon.Sum([]byte(only)).String()
		out.Files["only"] = command.File{Type: command.Regular, Content: command.Memory([]byte(only))}
	}, nil)
	s.write()
	check(t, s.audit(), events.Fail, want{Gap, onTrace, s.frameSeqs[0][0], 0, 5, false, "object " + s.lost + ", which the frame names: it is not in the bucket"})
}

// FuzzTwoRules holds the rules of both paths against each other.
func FuzzTwoRules(f *testing.F) {
	f.Add("stdout#json:/a/*", 3, []byte(`{"a":[0.12345,1,{"b":2.5e-7}],"b":0.15}`))
	f.Add("stdout#json:/*/a", 1, []byte("{\"a\":0.25}\n{\"a\":0.35}\n[9.5e307,1.5,-0.0]"))
	f.Add("stdout#line:^#|x$", 0, []byte("#a\r\nb\nx\n\nxx\r\ny#"))
	f.Fuzz(func(t *testing.T, text string, digits int, data []byte) {
		r, err := rules.ParseIgnore(text)
		if digits > 0 {
			r, err = rules.ParseRound(fmt.Sprintf("%s=%d", text, digits))
		}
		if err != nil || r.Where != "stdout" {
			return
		}
		set, err := rules.Compile([]rules.Rule{r})
		if err != nil {
			t.Fatal(err)
		}
		m, err := (&command.Output{Stdout: command.Memory(data)}).Make(command.Options{Rules: set})
		if err != nil {
			t.Fatal(err)
		}
		tree, err := parseText(string(m.Value))
		if err != nil {
			t.Fatal(err)
		}
		c := outputOf(tree).contents["stdout"]
		own, err := readRule(ruleDocument{string(r.Do), r.Where, string(r.Kind), r.Pattern, r.Digits})
		if err != nil {
			t.Fatal(err)
		}
		p := &planned{rules: []rule{own}}
		if !isRuled(p, "stdout", c.as) {
			return
		}
		ofLines, ofJSON := rulesOf(p.rules, "stdout")
		again := newMaker("stdout")
		made, err := again.make(c.as, ofJSON, withoutLines(ofLines, strings.NewReader(string(data))))
		if err != nil {
			t.Fatalf("%s of %q: %v", r, data, err)
		}
		if got, want := canonical(made), canonical(c.tree("stdout")); got != want {
			t.Fatalf("%s of %q is %s, to the audit %s", r, data, want, got)
		}
	})
}
