package compare

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

var update = flag.Bool("update", false, "rewrite the golden verdicts in testdata")

// goldens are windows whose verdicts are in testdata. Package report renders the
// same verdicts. make changes the runs, after breaks the digests made of them.
var goldens = []struct {
	name  string
	want  string // in short
	runs  int    // 0: 12
	make  func(w *testWindow)
	after func(w *testWindow)
}{
	{name: "pass", want: "pass"},
	{name: "pass-latch", want: "pass", after: func(w *testWindow) { w.req.Latch = &events.Latch{Trace: w.last[0].Trace, Result: w.last[0].Result} }},
	{name: "pass-drill", want: "pass", make: func(w *testWindow) {
		w.req.Drill = &events.Drill{Run: 7, Tick: 1, Task: "oracle:compress", Kind: "value"}
	}},
	{name: "latch", want: "fail [0 1 2 3 4 5 6 7 8 9 10 11]: latch at 0/0 /trace_sha256", make: func(w *testWindow) { w.req.Latch = &events.Latch{Trace: canon.Sum([]byte("accepted")).String()} }},

	{name: "value", want: "fail [7]: value at 1/2 oracle:compress/value/ratio", make: func(w *testWindow) { w.value(7, 1, 2, "0.75", "0.7500000000000001") }},
	{name: "value-drill", want: "fail [7]: value at 1/2 oracle:compress/value/ratio", make: func(w *testWindow) {
		w.req.Drill = &events.Drill{Run: 7, Tick: 1, Task: "oracle:compress", Kind: "value"}
		w.req.Reproduce = "ers run -f demo.yaml --drill run=7,tick=1,task=oracle:compress,kind=value"
		w.value(7, 1, 2, "0.75", "0.76")
	}},
	{name: "value-not-the-drill", want: "fail [3]: value at 0/0 oracle:ingest/value/rows", make: func(w *testWindow) {
		w.req.Drill = &events.Drill{Run: 7, Tick: 1, Task: "oracle:compress", Kind: "value"}
		w.value(7, 1, 2, "0.75", "0.76")
		w.value(3, 0, 0, "100", "101")
	}},
	{name: "value-text", want: "fail [11]: value at 2/2 oracle:compress/value/text", make: func(w *testWindow) {
		for run := range 12 {
			w.value(run, 2, 2, "the quick brown fox", strings.Repeat("the quick brown fox, ", 9))
		}
		w.value(11, 2, 2, "brown fox, the quick brown fox, the quick", "brown fox, the quack brown fox, the quick")
	}},
	{name: "value-long", want: "fail [11]: value at 0/2 oracle:compress/value/text", make: func(w *testWindow) {
		for run := range 12 {
			w.value(run, 0, 2, "the quick brown fox", strings.Repeat("ü", MaxCanonical)+"!")
		}
		w.value(11, 0, 2, "ü!", "ü?")
	}},
	{name: "value-member", want: "fail [4]: value at 0/2 oracle:compress/value/ratio", make: func(w *testWindow) { w.value(4, 0, 2, `"ratio":0.75,`, ``) }},
	{name: "value-element", want: "fail [4]: value at 0/1 oracle:filter/value/kept/4", make: func(w *testWindow) { w.value(4, 0, 1, `"x"]`, `"x","a/b"]`) }},
	{name: "value-negative-zero", want: "fail [0]: value at 0/1 oracle:filter/value/kept/1", make: func(w *testWindow) {
		for run := range 12 {
			w.value(run, 0, 1, "2.5", "0.0")
		}
		w.value(0, 0, 1, "0.0", "-0.0")
	}},
	{name: "value-nan", want: "fail [5]: value at 0/1 oracle:filter/value/kept/1", make: func(w *testWindow) { w.value(5, 0, 1, "2.5", "NaN") }},
	{name: "value-unicode", want: "fail [5]: value at 1/2 träume\n\x1b[31m夢/value/text", make: func(w *testWindow) {
		for run := range 12 {
			e, r := w.event(run, 1, 2), w.result(run, 1, 2)
			e.Task, r.Name = "träume\n\x1b[31m夢", "träume\n\x1b[31m夢"
			w.value(run, 1, 2, "quick", "Zürich 日本語 \u202e")
		}
		w.value(5, 1, 2, "日本語", "日本国")
	}},
	{name: "type", want: "fail [9]: type at 0/1 oracle:filter/value/kept/0", make: func(w *testWindow) { w.value(9, 0, 1, "[1,", "[1.0,") }},
	{name: "type-bool", want: "fail [9]: type at 0/1 oracle:filter/value/kept/0", make: func(w *testWindow) { w.value(9, 0, 1, "[1,", "[true,") }},
	{name: "type-null", want: "fail [9]: type at 0/1 oracle:filter/value", make: func(w *testWindow) { w.result(9, 0, 1).Value = canon.Null }},
	{name: "error", want: "fail [2]: error at 1/3 oracle:audit/error", make: func(w *testWindow) { w.result(2, 1, 3).Error = "no reference at 0x7ffd3c" }},
	{name: "error-of-ok", want: "fail [2]: error at 0/0 oracle:ingest/error", make: func(w *testWindow) { w.result(2, 0, 0).Error = "retried once" }},
	{name: "status", want: "fail [1 6]: status at 2/0 oracle:ingest/status", make: func(w *testWindow) {
		for _, run := range []int{1, 6} {
			w.status(run, 2, 0, events.Error)
			w.result(run, 2, 0).Value, w.result(run, 2, 0).Error = canon.Null, "connection reset"
		}
	}},
	{name: "status-long-error", want: "fail [6]: status at 1/0 oracle:ingest/status", make: func(w *testWindow) {
		w.status(6, 1, 0, events.Error)
		w.result(6, 1, 0).Value = canon.Null
		w.result(6, 1, 0).Error = "cannot read the rows:\n" + strings.Repeat("connection reset by peer;  ", 20)
	}},
	{name: "status-both-fail", want: "fail [2]: status at 1/3 oracle:audit/status", make: func(w *testWindow) {
		w.status(2, 1, 3, events.Error)
		w.result(2, 1, 3).Error = "no reference at 0x7ffd3c"
	}},
	{name: "cost", want: "fail [3]: cost at 0/2 oracle:compress/cost_entropy", make: func(w *testWindow) { w.event(3, 0, 2).CostEntropy = 3 }},
	{name: "meta", want: "fail [3]: meta at 0/2 oracle:compress/meta/tags/1", make: func(w *testWindow) { w.event(3, 0, 2).Meta = `{"tags":["cpu","fast"]}` }},
	{name: "meta-type", want: "fail [3]: type at 0/2 oracle:compress/meta/tags/1", make: func(w *testWindow) { w.event(3, 0, 2).Meta = `{"tags":["cpu",{"fast":true}]}` }},
	{name: "order", want: "fail [8]: order at 1/0 oracle:ingest/task", make: func(w *testWindow) { w.swap(8, 1, 0, 1) }},
	{name: "order-lane", want: "fail [8]: order at 1/3 oracle:audit/lane", make: func(w *testWindow) { w.event(8, 1, 3).Lane = events.Forecast }},
	{name: "missing", want: "fail [8]: missing at 1/2 oracle:compress", make: func(w *testWindow) { deleteEvent(&w.runs[8][1], 2) }},
	{name: "missing-at-end", want: "fail [8]: missing at 2/4 oracle:report", make: func(w *testWindow) { deleteEvent(&w.runs[8][2], 4) }},
	{name: "extra", want: "fail [8]: extra at 1/1 oracle:guess", make: func(w *testWindow) {
		insertEvent(&w.runs[8][1], 1,
			events.TraceEvent{Tick: 1, Task: "oracle:guess", CostOps: 4, Meta: `{"tags":[]}`},
			events.TaskResult{Name: "oracle:guess", Value: `{"luck":7}`})
	}},
	{name: "extra-twice", want: "fail [8]: extra at 0/5 oracle:report", make: func(w *testWindow) {
		t := &w.runs[8][0]
		insertEvent(t, 5, t.Events[4], t.Results[4])
	}},
	{name: "context-across-ticks", want: "fail [10]: value at 1/0 oracle:ingest/value/rows", make: func(w *testWindow) {
		for run := range 12 {
			w.runs[run][0].Events, w.runs[run][0].Results = w.runs[run][0].Events[:2], w.runs[run][0].Results[:2]
			w.runs[run][1].Events, w.runs[run][1].Results = w.runs[run][1].Events[:1], w.runs[run][1].Results[:1]
		}
		w.value(10, 1, 0, "101", "102")
	}},

	{name: "tie", want: "fail [1 2]: value at 1/2 oracle:compress/value/ratio", runs: 4, make: func(w *testWindow) {
		w.value(1, 1, 2, "0.75", "0.76")
		w.value(2, 1, 2, "0.75", "0.76")
	}},
	{name: "tie-odd-even", want: "fail [1 3 5 7 9 11 13 15 17 19]: cost at 1/2 oracle:compress/cost_ops", runs: 20, make: func(w *testWindow) {
		for run := 1; run < 20; run += 2 {
			w.event(run, 1, 2).CostOps++
		}
	}},
	{name: "odd-run-0", want: "fail [0]: value at 1/2 oracle:compress/value/ratio", make: func(w *testWindow) { w.value(0, 1, 2, "0.75", "0.76") }},
	{name: "groups", want: "fail [5]: order at 1/3 oracle:audit/task", make: func(w *testWindow) {
		w.value(2, 2, 2, "0.75", "0.76")
		w.value(9, 2, 2, "0.75", "0.76")
		w.swap(5, 1, 3, 4)
		w.event(11, 1, 3).CostOps = 2
	}},
	{name: "all-differ", want: "fail [1]: value at 1/0 oracle:ingest/value/rows", runs: 20, make: func(w *testWindow) {
		for run := range 20 {
			w.value(run, 1, 0, "101", strings.Repeat("9", run+1))
		}
	}},
	{name: "all-differ-here", want: "fail [1]: value at 1/2 oracle:compress/value/ratio", make: func(w *testWindow) {
		for run := range 12 {
			w.value(run, 1, 2, "0.75", fmt.Sprintf("1700000000.%d5", run))
		}
	}},
	{name: "all-differ-early", want: "fail [2]: value at 0/0 oracle:ingest/value/rows", runs: 3, make: func(w *testWindow) {
		w.value(1, 1, 0, "101", "7")
		w.value(2, 0, 0, "100", "7")
	}},
	{name: "groups-many", want: "fail [23]: value at 0/0 oracle:ingest/value/rows", runs: 24, make: func(w *testWindow) {
		for run := 1; run < 23; run++ {
			w.value(run, 2, 0, "102", strings.Repeat("9", run+1))
		}
		w.value(23, 0, 0, "100", "7")
	}},
	{name: "restart", want: "fail [3]: restart at 1/2 oracle:compress/value/ratio", after: func(w *testWindow) {
		d := &w.last[3]
		d.Done = 1
		d.Difference = &events.Difference{Kind: events.KindRestart, Tick: 1, EventIndex: 2, Task: "oracle:compress", Pointer: "/value/ratio", Expected: "0.75", Found: "0.76"}
	}},

	{name: "inconclusive", want: "inconclusive [3 5 6 7 8 9 10 11]", after: func(w *testWindow) {
		w.last[3].Final, w.last[3].Done = false, 2
		w.last[5].Problem = &events.Problem{Run: 5, Stream: events.StreamTrace, Seq: 1234, Reason: "the frame of tick 1 is not MessagePack"}
		w.last[6] = events.Digest{}
		w.last[7].Scheme = "ers-c14n/2"
		w.last[8].Window = 41
		w.last[9].Ticks = 4
		w.last[10].Trace = ""
		w.last[11].Done = 2
	}},
	{name: "inconclusive-all", want: "inconclusive [0 1 2 3 4 5 6 7 8 9 10 11]", after: func(w *testWindow) {
		for run := range w.last {
			w.last[run].Problem = &events.Problem{Run: run, Stream: events.StreamTrace, Seq: uint64(run + 1), Reason: "tick 0 failed: task oracle:ingest returned a value of 2 GiB, which is more than a frame can hold"}
		}
	}},
	{name: "inconclusive-none", want: "inconclusive [0 1 2 3 4 5 6 7 8 9 10 11]", after: func(w *testWindow) { clear(w.last) }},
	{name: "inconclusive-some", want: "inconclusive [0 2 4 6 8 9 10 11]", after: func(w *testWindow) {
		for _, run := range []int{0, 2, 4, 6, 8, 9} {
			w.last[run].Final, w.last[run].Done = false, 2
		}
		w.last[10], w.last[11] = events.Digest{}, events.Digest{}
	}},
	{name: "fail-incomplete", want: "fail [2]: value at 2/2 oracle:compress/value/ratio", make: func(w *testWindow) { w.value(2, 2, 2, "0.75", "0.76") }, after: func(w *testWindow) {
		w.last[0].Final, w.last[0].Done = false, 2
	}},
	{name: "inconclusive-digests", want: "inconclusive [4]", after: func(w *testWindow) { w.last[4].Trace = w.last[4].Result }},
	{name: "inconclusive-forecast", want: "inconclusive [4]", after: func(w *testWindow) { w.last[4].Forecast = w.last[4].Result }},
	{name: "inconclusive-no-events", want: "inconclusive [0]", runs: 2, make: func(w *testWindow) {
		for run := range 2 {
			for tick := range 3 {
				w.runs[run][tick] = events.Tick{Tick: int64(tick)}
			}
		}
	}},
}

func TestGolden(t *testing.T) {
	for _, g := range goldens {
		t.Run(g.name, func(t *testing.T) {
			w := newTestWindow(cmp.Or(g.runs, DefaultRuns))
			if g.make != nil {
				g.make(w)
			}
			w.seal(t)
			if g.after != nil {
				g.after(w)
			}
			v := w.judge(t)
			if got := inShort(&v); got != g.want {
				t.Errorf("verdict %s, want %s", got, g.want)
			}
			checkGolden(t, filepath.Join("testdata", g.name+".json"), encode(t, &v))
		})
	}
}

func checkGolden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// inShort says outcome, runs, and kind, tick/event, task and pointer of a divergence.
func inShort(v *events.Verdict) string {
	switch d := v.Divergence; {
	case d != nil:
		return fmt.Sprintf("fail %d: %s at %d/%d %s%s", d.Runs, d.Kind, d.Tick, d.EventIndex, d.Task, d.Pointer)
	case len(v.Problems) > 0:
		var runs []int
		for _, p := range v.Problems {
			runs = append(runs, p.Run)
		}
		return fmt.Sprintf("inconclusive %d", runs)
	}
	return string(v.Outcome)
}

// encode returns a verdict as it goes onto the bus, indented, and makes sure that a
// reader gets the same verdict out of it.
func encode(t *testing.T, v *events.Verdict) []byte {
	t.Helper()
	data, err := events.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	var again events.Verdict
	if err := events.Decode(data, &again); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(*v, again); diff != "" {
		t.Errorf("decoded verdict (-judged +decoded):\n%s", diff)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	return b.Bytes()
}
