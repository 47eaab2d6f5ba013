package aalviz_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"abraxas.dev/ers/pkg/aalviz"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

func encode(t testing.TB, doc any) string {
	t.Helper()
	b, err := events.Encode(doc)
	if err != nil {
		t.Fatal(err)
	}
	if !canon.Value(b).IsCanonical() {
		t.Fatalf("not canonical: %s", b)
	}
	return string(b)
}

// Every TrendPack of the vectors, which the Python ERS made, comes out to the byte,
// and is read back.
func TestVectors(t *testing.T) {
	f, err := os.Open("../scheduler/testdata/schedules.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	n := 0
	for ; lines.Scan(); n++ {
		var vector struct {
			Tick      int64           `json:"tick"`
			Trace     json.RawMessage `json:"trace"`
			TrendPack string          `json:"trendpack"`
		}
		if err := json.Unmarshal(lines.Bytes(), &vector); err != nil {
			t.Fatal(err)
		}
		trace := []events.TraceEvent{} // DecodeTrace takes no empty text for a trace
		if string(vector.Trace) != "[]" {
			if trace, err = events.DecodeTrace(vector.Trace); err != nil {
				t.Fatal(err)
			}
		}
		pack, err := aalviz.NewTrendPack("RUN-é", `{"engine":"ers","mode":"test"}`, vector.Tick, trace, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := encode(t, pack); got != vector.TrendPack {
			t.Errorf("line %d:\ngot  %s\nwant %s", n+1, got, vector.TrendPack)
		}
		var back aalviz.TrendPack
		if err := events.Decode([]byte(vector.TrendPack), &back); err != nil {
			t.Errorf("line %d: %v", n+1, err)
		} else if d := cmp.Diff(*pack, back); d != "" {
			t.Errorf("line %d: read back: %s", n+1, d)
		}
	}
	if err := lines.Err(); err != nil || n < 100 {
		t.Fatalf("%d lines, %v", n, err)
	}
}

// Sums are exact beyond 64 bits, events that are not computable are neither errors
// nor ok, and a reference goes into the timeline alone.
func TestTrendPackCorners(t *testing.T) {
	const most = 1<<63 - 1
	trace := []events.TraceEvent{
		{Tick: 4, Task: "a", CostOps: most, CostEntropy: 1, Meta: `{"a":1,"z":1}`},
		{Tick: 4, Task: "b", CostOps: most, Status: events.NotComputable, Meta: `{}`},
		{Tick: 4, Task: "c", CostOps: most, Status: events.SkippedBudget, Meta: `{"reason":"budget"}`},
		{Tick: 4, Task: "d", Lane: events.Shadow, CostOps: 2, Status: events.Error, Meta: `{"result_ref":1}`},
	}
	pack, err := aalviz.NewTrendPack("r", "{}", 4, trace, "results/r/000004.resultspack.json")
	if err != nil {
		t.Fatal(err)
	}
	if want := (aalviz.Stats{Total: 4, Forecast: 3, Shadow: 1, Errors: 1, Skipped: 1, OK: 1}); pack.Stats != want {
		t.Errorf("stats %+v, want %+v", pack.Stats, want)
	}
	if pack.Budget.Forecast.Ops != "18446744073709551614" || pack.Budget.Forecast.Entropy != "1" || pack.Budget.Shadow.Ops != "2" {
		t.Errorf("budget %+v", pack.Budget)
	}
	ref := func(task string) string {
		return `"result_ref":{"results_pack":"results/r/000004.resultspack.json","schema":"ResultRef.v0","task":"` + task + `"}`
	}
	if got, want := pack.Timeline[0].Meta, canon.Value(`{"a":1,`+ref("a")+`,"z":1}`); got != want {
		t.Errorf("meta %s, want %s", got, want)
	}
	if got, want := pack.Timeline[3].Meta, canon.Value("{"+ref("d")+"}"); got != want {
		t.Errorf("meta %s, want %s", got, want)
	}
	if pack.Errors[0].Meta != `{"result_ref":1}` || trace[0].Meta != `{"a":1,"z":1}` {
		t.Errorf("errors %+v", pack.Errors)
	}
	cut := pack.Cut("abc", 7)
	if cut.Stats != pack.Stats || cut.Budget != pack.Budget || len(cut.Timeline)+len(cut.Errors)+len(cut.Skipped) > 0 || cut.Object.SHA256 != "abc" || pack.Object != nil {
		t.Errorf("cut %+v", cut)
	}
}

func TestTrendPackRefuses(t *testing.T) {
	trace := []events.TraceEvent{{Tick: 1, Meta: "{}"}}
	for name, try := range map[string]func() (*aalviz.TrendPack, error){
		"run_id is empty":               func() (*aalviz.TrendPack, error) { return aalviz.NewTrendPack("", "{}", 1, trace, "") },
		"want an object, found array":   func() (*aalviz.TrendPack, error) { return aalviz.NewTrendPack("r", "[]", 1, trace, "") },
		"event 0 is one of tick 1":      func() (*aalviz.TrendPack, error) { return aalviz.NewTrendPack("r", "{}", 2, trace, "") },
		"want an object, found invalid": func() (*aalviz.TrendPack, error) { return aalviz.NewTrendPack("r", "", 1, trace, "") },
	} {
		if _, err := try(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
}

func TestResultsPack(t *testing.T) {
	tick := &events.Tick{Tick: 2, Results: []events.TaskResult{
		{Name: "b", Value: `{"x":NaN}`},
		{Name: "a", Status: events.Error, Value: canon.Null, CostOps: 3},
		{Name: "a", Lane: events.Shadow, Value: "1.0"},
	}}
	pack := aalviz.NewResultsPack("r", aalviz.Provenance{Engine: aalviz.Engine}, tick)
	var names []string
	for _, item := range pack.Items {
		names = append(names, item.Task+" "+encode(t, &item.Result))
	}
	want := []string{
		`a {"cost_entropy":0,"cost_ops":3,"error":"","lane":"forecast","name":"a","status":"error","value":null}`,
		`a {"cost_entropy":0,"cost_ops":0,"error":null,"lane":"shadow","name":"a","status":"ok","value":1.0}`,
		`b {"cost_entropy":0,"cost_ops":0,"error":null,"lane":"forecast","name":"b","status":"ok","value":null,"value_canonical":"{\"x\":NaN}"}`,
	}
	if d := cmp.Diff(want, names); d != "" {
		t.Error(d)
	}
}

// The hashes of a RunStability agree with the verdict whatever made the runs differ:
// two are equal exactly when the gate takes the runs for equal.
func TestStabilityHashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hash := rapid.Map(rapid.IntRange(0, 2), func(i int) string { return canon.Sum([]byte{byte(i)}).String() })
		v := &events.Verdict{Runs: 12}
		for range v.Runs {
			if rapid.IntRange(0, 9).Draw(t, "sealed") == 0 {
				v.Hashes, v.ResultHashes = append(v.Hashes, ""), append(v.ResultHashes, "")
				continue
			}
			v.Hashes = append(v.Hashes, hash.Draw(t, "trace"))
			v.ResultHashes = append(v.ResultHashes, hash.Draw(t, "result"))
		}
		s := aalviz.NewStability(v, "r")
		for i := range v.Runs {
			for j := range v.Runs {
				same := v.Hashes[i] == v.Hashes[j] && v.ResultHashes[i] == v.ResultHashes[j]
				if (s.Hashes[i] == s.Hashes[j]) != same {
					t.Fatalf("runs %d and %d: %+v", i, j, s)
				}
			}
			if (s.Hashes[i] == "") != (v.Hashes[i] == "") {
				t.Fatalf("run %d: %+v", i, s)
			}
		}
		if s.Expected != s.Hashes[0] || s.OK {
			t.Fatalf("%+v", s)
		}
	})
}

func TestRunID(t *testing.T) {
	if got := aalviz.RunID(events.RunKey{Pipeline: "a-1", Window: 2, Run: 3}); got != "a-1-2-3" {
		t.Error(got)
	}
}

func BenchmarkTrendPack(b *testing.B) {
	trace := make([]events.TraceEvent, 50)
	for i := range trace {
		trace[i] = events.TraceEvent{Task: "oracle:task", CostOps: 1, Meta: `{"tags":["canary"]}`}
	}
	b.ReportAllocs()
	for b.Loop() {
		pack, err := aalviz.NewTrendPack("r", "{}", 0, trace, "")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := events.Encode(pack); err != nil {
			b.Fatal(err)
		}
	}
}
