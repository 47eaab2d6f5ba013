package audit

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
)

func TestText(t *testing.T) {
	for _, c := range []struct {
		report Report
		window uint64
		want   string
	}{
		{Report{Windows: 2, Runs: 24, Ticks: 240, Events: 2400, Frames: 240, Digests: 30, Verdicts: 2, Pass: 1, Fail: 1}, 0, `
PASS  computed again from the frames, every digest and verdict is as recorded

  read      2 windows, 24 runs, 240 ticks, 2400 events, 240 frames, 30 digests
  verdicts  2: 1 pass, 1 fail, 0 inconclusive

  ` + Limits + `
`},
		{Report{}, 7, `
INCONCLUSIVE  ERS_WINDOW has no message 7: there is no such window

  read      0 windows, 0 runs, 0 ticks, 0 events, 0 frames, 0 digests
  verdicts  0: 0 pass, 0 fail, 0 inconclusive
`},
		{Report{Windows: 1, UnjudgedCount: 3, Unjudged: []Unjudged{{"demo", 4, "no run has begun; is a coordinator running?"}}}, 4, `
INCONCLUSIVE  no window has a verdict yet

  read      1 window, 0 runs, 0 ticks, 0 events, 0 frames, 0 digests
  verdicts  0: 0 pass, 0 fail, 0 inconclusive

  not judged     window 4 of demo: no run has begun; is a coordinator running?
  and 2 more windows that are not complete

  Audit again when the windows are complete.
`},
		{Report{Windows: 1, Verdicts: 1, Inconclusive: 1, Known: 1, Findings: []Finding{
			{Kind: Gap, Stream: events.StreamTrace, Seq: 17, Pipeline: "demo", Window: 4, Run: 2, Tick: 3, Message: "the coordinator gave the run up: no\u202e\ndisk", Known: true},
		}}, 0, `
PASS  computed again from the frames, every digest and verdict is as recorded; 1 finding that the record knows of

  read      1 window, 0 runs, 0 ticks, 0 events, 0 frames, 0 digests
  verdicts  1: 0 pass, 0 fail, 1 inconclusive

  gap            ERS_TRACE 17  window 4 run 2 tick 3: the coordinator gave the run up: no` + "��" + `disk (the record says so)

  ` + Limits + `
`},
		{Report{Windows: 1, Verdicts: 1, Pass: 1, New: 2, Findings: []Finding{
			{Kind: Difference, Stream: events.StreamVerdict, Seq: 1, Pipeline: "demo", Window: 4, Run: -1, Tick: -1, Message: "/tie is true, computed again it is false", ID: "a0"},
			{Kind: Gap, Stream: events.StreamTrace, Seq: 5, Run: -1, Tick: -1, Message: "the message was deleted or lost", ID: "b1"},
			{Kind: Repeat, Stream: events.StreamDigest, Seq: 3, Pipeline: "demo", Window: 4, Run: 0, Tick: 0, Message: "again", ID: "c2"},
		}}, 0, `
FAIL  the record is not what it says: 2 findings

  read      1 window, 0 runs, 0 ticks, 0 events, 0 frames, 0 digests
  verdicts  1: 1 pass, 0 fail, 0 inconclusive

  gap            ERS_TRACE 5: the message was deleted or lost
                 id b1
  repeat         ERS_DIGEST 3  window 4 run 0 tick 0: again
                 id c2
  difference     ERS_VERDICT 1  window 4: /tie is true, computed again it is false
                 id a0

  Keep the streams as they are. See a message with ` + "`nats stream get ERS_TRACE 5`" + `, find out who may write there, and rely on no verdict of the windows above.
`},
	} {
		c.report.finish(c.window)
		if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), string(c.report.AppendText(nil))); diff != "" {
			t.Error(diff)
		}
	}
}

// Lists are bounded, counts are not, and what is known does not crowd out what is new.
func TestBounds(t *testing.T) {
	var r Report
	for i := range 3 * MaxFindings {
		r.add(Finding{Kind: Gap, Stream: events.StreamTrace, Seq: uint64(i), Known: true})
		r.addUnjudged(Unjudged{Window: uint64(i)})
	}
	r.add(Finding{Kind: Repeat, Stream: events.StreamTrace})
	r.finish(0)
	if r.New != 1 || r.Known != 3*MaxFindings || len(r.Findings) != MaxFindings+1 || len(r.Unjudged) != MaxFindings || r.UnjudgedCount != 3*MaxFindings || r.Outcome != events.Fail {
		t.Errorf("new %d, known %d, %d and %d listed, %s", r.New, r.Known, len(r.Findings), len(r.Unjudged), r.Outcome)
	}
	if text := string(r.AppendText(nil)); !strings.Contains(text, "and 2000 more that are not listed") || !strings.Contains(text, "and 2000 more windows that are not complete") {
		t.Error(text[len(text)-400:])
	}
}

func TestJSON(t *testing.T) {
	s := newScript(t, bustest.Open(t))
	s.verdict = func(v *events.Verdict) { v.Tie = true }
	s.write()
	var steps [][2]int64
	r, err := Run(t.Context(), s.bus, Options{Progress: func(done, total int64) { steps = append(steps, [2]int64{done, total}) }})
	s.must(err)
	text, err := json.Marshal(r)
	s.must(err)
	const want = `{"outcome":"fail","windows":1,"runs":3,"ticks":12,"events":60,"frames":48,"skipped":0,"digests":6,"verdicts":1,` +
		`"pass":1,"fail":0,"inconclusive":0,"new":1,"known":0,"acknowledged":0,"findings":[{"kind":"difference","stream":"ERS_VERDICT","seq":1,"pipeline":"demo","window":1,` +
		`"run":-1,"tick":-1,"message":"/tie is true, computed again it is false","known":false,"id":"`
	const end = `"}],"unjudged_count":0,"unjudged":[]}`
	if want := want + r.Findings[0].ID + end; string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if last := steps[len(steps)-1]; last != [2]int64{56, 56} {
		t.Errorf("progress ends with %v", last)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, s.bus, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func BenchmarkRun(b *testing.B) {
	s := newScript(b, bustest.Open(b))
	s.request = func(q *events.WindowRequest) { q.Runs, q.Ticks = 12, 200 }
	s.write()
	b.ReportAllocs()
	for b.Loop() {
		r, err := Run(b.Context(), s.bus, Options{})
		if err != nil || r.Outcome != events.Pass {
			b.Fatal(r, err)
		}
	}
	b.ReportMetric(float64(b.N)*12*200*5/b.Elapsed().Seconds(), "events/s")
}
