package invariants

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/evaluator"
	"abraxas.dev/ers/pkg/service"
)

// TestMain is also the process that evaluates Starlark.
func TestMain(m *testing.M) {
	evaluator.Main()
	process.Main()
	m.Run()
}

const yaml = `
name: p
runs: 3
ticks: 4
budget: {forecast: {ops: 9}, shadow: {ops: 9}}
context: {seed: 7}
tasks:
  - name: values
    lane: forecast
    starlark: |
      def run(ctx):
          return [ctx.tick, 1.5, 1e300, -0.0, 1e-7, 1 << 90, -(1 << 70), None, True, "ü\"\\\n\x01", {"b": [], "a": {}}]
  - name: seen
    lane: shadow
    starlark: |
      def run(ctx):
          fail(ctx.results["values"].value[0])
`

// record is what the services wrote: a window that passes, and one that fails.
type record struct {
	all    map[string][]*message
	object func(string) ([]byte, error)
	want   Want
}

func recorded(t *testing.T) *record {
	t.Helper()
	b := bustest.Open(t)
	bustest.Serve(t, func(ctx context.Context) error {
		return service.Run(ctx, service.Config{Bus: b, Log: bustest.Log(t)})
	})
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := pipeline.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	r := &record{all: map[string][]*message{}, object: func(sha string) ([]byte, error) { return b.GetObject(t.Context(), sha) }}
	for _, outcome := range []string{"pass", "fail"} {
		key, err := client.Submit(t.Context(), b, f, func(r *events.WindowRequest) {
			if outcome == "fail" {
				r.Drill = &events.Drill{Run: 1, Tick: 2, Task: "values", Kind: "value"}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := client.Verdict(t.Context(), b, key); err != nil {
			t.Fatal(err)
		}
		r.want.Windows = append(r.want.Windows, Window{Number: key.Window, Request: key.Request, Outcome: outcome})
		if _, err := b.Await(t.Context(), events.StreamViz, events.StabilitySubject("p", key.Window)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range streams {
		if r.all[name], err = read(t.Context(), b.JetStream(), name); err != nil {
			t.Fatal(err)
		}
	}
	r.want.Feed = true
	return r
}

// copy is one that a test may change.
func (r *record) copy() *record {
	c := &record{all: map[string][]*message{}, object: r.object, want: r.want}
	c.want.Windows, c.want.Acked = slices.Clone(r.want.Windows), slices.Clone(r.want.Acked)
	for name, list := range r.all {
		for _, m := range list {
			copied := *m
			copied.data = slices.Clone(m.data)
			c.all[name] = append(c.all[name], &copied)
		}
	}
	return c
}

// renumber gives the messages of a stream the sequences of a stream without gaps.
func (r *record) renumber(stream string) {
	for i, m := range r.all[stream] {
		m.seq = uint64(i + 1)
	}
}

// first is the place of the first message with a text.
func (r *record) first(stream, text string) int {
	return slices.IndexFunc(r.all[stream], func(m *message) bool { return bytes.Contains(m.data, []byte(text)) })
}

// What the services write is right, and nothing that is changed in it goes unseen.
func TestCheck(t *testing.T) {
	good := recorded(t)
	if r, err := check(good.all, good.object, good.want); err != nil || len(r.Wrong) > 0 || r.Windows != 2 || r.Outcomes["pass"] != 1 || r.Outcomes["fail"] != 1 || r.Frames != 24 {
		t.Fatalf("%v: %q, %v", r, r.Wrong, err)
	}
	replace := func(stream, text, by string) func(*record) {
		return func(r *record) {
			m := r.all[stream][r.first(stream, text)]
			m.data = bytes.Replace(m.data, []byte(text), []byte(by), 1)
		}
	}
	for name, test := range map[string]struct {
		change func(*record)
		want   string
	}{
		"a frame is lost":        {func(r *record) { r.all["ERS_TRACE"] = slices.Delete(r.all["ERS_TRACE"], 3, 4) }, "some are lost"},
		"a frame was never made": {func(r *record) { r.all["ERS_TRACE"] = slices.Delete(r.all["ERS_TRACE"], 3, 4); r.renumber("ERS_TRACE") }, "must come"},
		"a frame is there twice": {func(r *record) {
			r.all["ERS_TRACE"] = slices.Insert(r.all["ERS_TRACE"], 1, r.all["ERS_TRACE"][0])
			r.renumber("ERS_TRACE")
		}, "must come"},
		"a frame follows the end": {func(r *record) {
			last := *r.all["ERS_TRACE"][23]
			last.seq = 25
			r.all["ERS_TRACE"] = append(r.all["ERS_TRACE"], &last)
		}, "follows the end"},
		"a value is another": {func(r *record) {
			m := r.all["ERS_TRACE"][0]
			i := bytes.Index(m.data, []byte("values")) // a name of the same length
			m.data[i] = 'w'
		}, "not what the frames have"},
		"a digest is lost": {func(r *record) { r.all["ERS_DIGEST"] = r.all["ERS_DIGEST"][:len(r.all["ERS_DIGEST"])-1] }, "has no last digest"},
		"a digest is there twice": {func(r *record) {
			d := r.all["ERS_DIGEST"]
			last := *d[len(d)-1]
			last.seq++
			r.all["ERS_DIGEST"] = append(d, &last)
		}, "follows the last digest"},
		"a digest seals too early": {replace("ERS_DIGEST", `"final":true`, `"final":false`), "has no last digest"},
		"a digest has a problem":   {replace("ERS_DIGEST", `"final":true`, `"final":true,"problem":{}`), "whose frames are good"},
		"a hash is another":        {replace("ERS_DIGEST", `"result_sha256":"`, `"result_sha256":"0`), "is not what the frames have"},
		"fewer ticks are done":     {replace("ERS_DIGEST", `"done":4`, `"done":3`), "their hashes are others"},
		"a fail is called a pass":  {func(r *record) { called(r, "fail", "pass") }, "a pass, where 3 of 3 runs are whole, and they differ: true"},
		"a pass is called a fail":  {func(r *record) { called(r, "pass", "fail") }, "a fail, where no two runs differ"},
		"a pass is not told":       {func(r *record) { called(r, "pass", "inconclusive") }, "inconclusive, where 3 of 3"},
		"a verdict is there twice": {func(r *record) {
			v := *r.all["ERS_VERDICT"][1]
			v.seq = 3
			r.all["ERS_VERDICT"] = append(r.all["ERS_VERDICT"], &v)
		}, "has 2 verdicts"},
		"a verdict is lost":        {func(r *record) { r.all["ERS_VERDICT"] = r.all["ERS_VERDICT"][:1] }, "has 0 verdicts"},
		"a verdict is of another":  {replace("ERS_VERDICT", `"request":"`, `"request":"0`), "it is not of the request"},
		"a window is lost":         {func(r *record) { r.want.Windows = append(r.want.Windows, Window{Number: 3}) }, "window 3 was asked for and is lost"},
		"a window has two numbers": {func(r *record) { r.want.Windows = r.want.Windows[:1] }, "asked for by nobody"},
		"an object is lost":        {func(r *record) { r.object = func(string) ([]byte, error) { return nil, nil } }, "is lost or damaged"},
		"viewers have a tick twice": {func(r *record) {
			r.all["ERS_VIZ"] = slices.Insert(r.all["ERS_VIZ"], 0, r.all["ERS_VIZ"][0])
			r.renumber("ERS_VIZ")
		}, "viewers have 5 ticks"},
		"what was acknowledged": {func(r *record) {
			r.want.Acked = []Acked{{Stream: "ERS_TRACE", Subject: "ers.trace.p.1.0", Seq: 99}}
		}, "was acknowledged and is lost"},
		"another was acknowledged": {func(r *record) {
			r.want.Acked = []Acked{{Stream: "ERS_TRACE", Subject: "ers.trace.p.1.0", Seq: 9}}
		}, "another message is there"},
	} {
		bad := good.copy()
		test.change(bad)
		if r, err := check(bad.all, bad.object, bad.want); err != nil || !strings.Contains(strings.Join(r.Wrong, "\n"), test.want) {
			t.Errorf("%s: %q, want %q among them", name, r.Wrong, test.want)
		}
	}
}

// called changes the outcome of a verdict.
func called(r *record, outcome, by string) {
	m := r.all["ERS_VERDICT"][r.first("ERS_VERDICT", `"outcome":"`+outcome)]
	m.data = bytes.Replace(m.data, []byte(`"outcome":"`+outcome), []byte(`"outcome":"`+by), 1)
	m.subject = strings.Replace(m.subject, "."+outcome+".", "."+by+".", 1)
	for i := range r.want.Windows {
		r.want.Windows[i].Outcome = ""
	}
}

// What is elsewhere too, or only there, is put together; what is another message there is refused.
func TestMerge(t *testing.T) {
	whole := recorded(t).all["ERS_TRACE"]
	var here []*message
	for _, m := range whole {
		if m.seq%3 == 0 {
			here = append(here, m)
		}
	}
	merged, err := merge(here, whole)
	if err != nil || !slices.Equal(merged, whole) {
		t.Errorf("%d messages of %d, %v", len(merged), len(whole), err)
	}
	other := *whole[2]
	other.data = append(bytes.Clone(other.data), 0)
	if _, err := merge(here, []*message{&other}); err == nil || !strings.Contains(err.Error(), "is another message elsewhere") {
		t.Errorf("%v", err)
	}
}
