package compare

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// testWindow is a window in memory, sealed unless a test breaks it.
type testWindow struct {
	req  events.WindowRequest
	runs Memory
	last []events.Digest // made by seal
}

const testWindowID = 42

var testRequest = canon.Sum([]byte("request")).String()

func (w *testWindow) key() events.WindowKey {
	return events.WindowKey{Pipeline: w.req.Pipeline, Window: testWindowID, Request: testRequest}
}

func newTestWindow(runs int) *testWindow {
	w := &testWindow{
		req: events.WindowRequest{
			Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: "demo", Runs: runs, Ticks: 3,
			DefinitionSHA256: canon.Sum([]byte("definition")).String(), ContextsSHA256: canon.Sum([]byte("contexts")).String(),
		},
		runs: Memory{},
	}
	for run := range runs {
		for tick := range w.req.Ticks {
			w.runs[run] = append(w.runs[run], testTick(tick))
		}
	}
	return w
}

// testTick is a tick of five tasks with every status but error.
func testTick(tick int64) events.Tick {
	t := events.Tick{Tick: tick}
	add := func(task string, lane events.Lane, status events.Status, ops, entropy int64, meta canon.Value, value canon.Value, failure string) {
		t.Events = append(t.Events, events.TraceEvent{Tick: tick, Task: task, Lane: lane, Status: status, CostOps: ops, CostEntropy: entropy, Meta: meta})
		t.Results = append(t.Results, events.TaskResult{Name: task, Lane: lane, Status: status, Value: value, Error: failure})
	}
	add("oracle:ingest", events.Forecast, events.OK, 1, 0, `{"tags":["io"]}`, canon.Value(fmt.Sprintf(`{"rows":%d}`, 100+tick)), "")
	add("oracle:filter", events.Forecast, events.OK, 2, 0, `{"tags":[]}`, `{"kept":[1,2.5,true,"x"],"seen":{}}`, "")
	add("oracle:compress", events.Forecast, events.OK, 5, 2, `{"tags":["cpu","slow"]}`, `{"ratio":0.75,"text":"the quick brown fox"}`, "")
	add("oracle:audit", events.Shadow, events.NotComputable, 1, 1, `{"tags":[]}`, canon.Null, "no reference yet")
	add("oracle:report", events.Shadow, events.SkippedBudget, 9, 9, `{"reason":"budget"}`, canon.Null, "")
	return t
}

// seal makes the last digests of the runs as they now are.
func (w *testWindow) seal(t testing.TB) {
	t.Helper()
	w.last = nil
	for run := range w.req.Runs {
		d, err := digest(run, w.runs[run])
		if err != nil {
			t.Fatal(err)
		}
		d.Pipeline, d.Window, d.Request = w.req.Pipeline, testWindowID, testRequest
		d.FirstTick, d.Ticks, d.Done = w.req.FirstTick, w.req.Ticks, w.req.Ticks
		d.LastSeq = uint64(1000 + run)
		w.last = append(w.last, d)
	}
}

func (w *testWindow) judge(t testing.TB) events.Verdict {
	t.Helper()
	v, err := Judge(w.key(), &w.req, w.last, w.runs)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (w *testWindow) event(run, tick, i int) *events.TraceEvent { return &w.runs[run][tick].Events[i] }
func (w *testWindow) result(run, tick, i int) *events.TaskResult {
	return &w.runs[run][tick].Results[i]
}

// value replaces a part of what a task returned.
func (w *testWindow) value(run, tick, i int, from, to string) {
	r := w.result(run, tick, i)
	if !strings.Contains(string(r.Value), from) {
		panic(fmt.Sprintf("%s does not contain %s", r.Value, from))
	}
	r.Value = canon.Value(strings.Replace(string(r.Value), from, to, 1))
}

func (w *testWindow) status(run, tick, i int, s events.Status) {
	w.event(run, tick, i).Status, w.result(run, tick, i).Status = s, s
}

func (w *testWindow) swap(run, tick, i, j int) { swapEvents(&w.runs[run][tick], i, j) }

func swapEvents(t *events.Tick, i, j int) {
	t.Events[i], t.Events[j] = t.Events[j], t.Events[i]
	t.Results[i], t.Results[j] = t.Results[j], t.Results[i]
}

func deleteEvent(t *events.Tick, i int) {
	t.Events, t.Results = slices.Delete(t.Events, i, i+1), slices.Delete(t.Results, i, i+1)
}

func insertEvent(t *events.Tick, i int, e events.TraceEvent, r events.TaskResult) {
	t.Events, t.Results = slices.Insert(t.Events, i, e), slices.Insert(t.Results, i, r)
}
