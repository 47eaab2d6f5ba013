package e2e

import (
	"fmt"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// A window whose objects do not exist, or are no pipeline, is inconclusive and says
// so.
func TestNoProgram(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.startAll()
	s.checkWindow(small, s.submit(small)) // the good objects are there
	good := small.file(t).Request()
	garbage, err := s.bus.PutObject(s.ctx, []byte("garbage"))
	if err != nil {
		t.Fatal(err)
	}
	missing := canon.Sum([]byte("missing")).String()
	tests := []struct {
		name   string
		change func(*events.WindowRequest)
		reason string
	}{
		{"no definition", func(r *events.WindowRequest) { r.DefinitionSHA256 = missing }, "object " + missing},
		{"no contexts", func(r *events.WindowRequest) { r.ContextsSHA256 = missing }, "object " + missing},
		{"bad definition", func(r *events.WindowRequest) { r.DefinitionSHA256 = garbage }, "object " + garbage},
		{"bad contexts", func(r *events.WindowRequest) { r.ContextsSHA256 = garbage }, "object " + garbage},
		{"other pipeline", func(r *events.WindowRequest) { r.Pipeline = "other" }, "it is of pipeline chain, the window is one of other"},
		{"no task to falsify", func(r *events.WindowRequest) {
			r.Drill = &events.Drill{Run: 3, Tick: r.FirstTick, Task: "nobody", Kind: "value"}
		}, `the pipeline has no task "nobody"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := good
			test.change(&r)
			key, err := client.Request(s.ctx, s.bus, &r)
			if err != nil {
				t.Fatal(err)
			}
			v, _, err := client.Verdict(s.ctx, s.bus, key)
			if err != nil {
				t.Fatal(err)
			}
			if v.Outcome != events.Inconclusive || !strings.Contains(v.Problems[0].Reason, test.reason) {
				t.Errorf("%s: %+v", v.Outcome, v.Problems)
			}
		})
	}
}

// badRequests are no requests for a window: what is published, what is changed in a good one
// where that is empty, and what the coordinator says of it.
var badRequests = []struct{ text, old, new, reason string }{
	{"no request", "", "", "unknown word"},
	{"\x00", "", "", "line 1, column 1"},
	{"null", "", "", "found a null"},
	{"[]", "", "", "found an array"},
	{"{}", "", "", "/schema: missing"},
	{strings.Repeat("[", 100_000), "", "", "nested deeper"},
	{"", "ers.window.v2", "ers.window.v9", "ers.window.v9"},
	{"", `"runs":12`, `"runs":1`, "/runs: 1 is out of range"},
	{"", `"runs":12`, `"runs":1001`, "/runs: 1001 is out of range"},
	{"", `"runs":12`, `"runs":-12`, "/runs"},
	{"", `"runs":12`, `"runs":12.0`, "/runs"},
	{"", `"runs":12`, `"runs":1e400`, "/runs"},
	{"", `"runs":12`, `"runs":12,"runs":12`, "twice"},
	{"", `"runs":12`, `"runs":12,"fun":1`, "/fun: unknown field"},
	{"", `"ticks":5`, `"ticks":-1`, "/ticks"},
	{"", `"ticks":5`, `"ticks":9223372036854775807`, "/ticks"},
	{"", `"first_tick":3`, `"first_tick":-3`, "/first_tick"},
	{"", `"pipeline":"chain"`, `"pipeline":"other"`, "belongs on ers.window.starlark.other"},
	{"", `"pipeline":"chain"`, `"pipeline":"a.b"`, "/pipeline"},
	{"", `"pipeline":"chain"`, "\"pipeline\":\"cha\xffin\"", "invalid UTF-8"},
	{"", `"kind":"starlark"`, `"kind":"*"`, "/kind"},
	{"", `"definition_sha256":"`, `"definition_sha256":"../`, "/definition_sha256"},
	{"", `"ops":100`, `"ops":-100`, "/budget"},
	{"", `"ops":100`, `"ops":1e3`, "/budget"},
}

// A request that is none is taken off the queue with a word in the log, and holds up
// nobody.
func TestBadRequest(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	good, err := events.Encode(small.file(t).Request())
	if err != nil {
		t.Fatal(err)
	}
	subject := events.WindowSubject(events.Starlark, small.name)
	s.publish(subject, nil)
	for _, bad := range badRequests {
		text := bad.text
		if text == "" {
			if text = strings.Replace(string(good), bad.old, bad.new, 1); text == string(good) {
				t.Fatalf("%s: %s has no %s", bad.reason, good, bad.old)
			}
		}
		s.publish(subject, []byte(text))
	}
	s.publish(events.WindowSubject(events.Starlark, "other"), good)
	coordinator := s.startAll()["ers-coordinator"]
	s.checkWindow(small, s.submit(small))
	coordinator.awaitLogs("this window can never be run", len(badRequests)+2)
	for i, bad := range badRequests {
		coordinator.awaitLog(bad.reason)
		coordinator.awaitLog(fmt.Sprintf("ERS_WINDOW sequence %d: ", i+2))
	}
	coordinator.awaitLog("belongs on ers.window.starlark.chain")
}
