package e2e

import (
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
	s.publish(subject, []byte("no request"))
	s.publish(subject, nil)
	s.publish(subject, []byte(strings.Replace(string(good), "ers.window.v2", "ers.window.v9", 1)))
	s.publish(subject, []byte(strings.Replace(string(good), `"runs":12`, `"runs":1`, 1)))
	s.publish(events.WindowSubject(events.Starlark, "other"), good)
	coordinator := s.startAll()["ers-coordinator"]
	s.checkWindow(small, s.submit(small))
	coordinator.awaitLogs("this window can never be run", 5)
	for _, reason := range []string{"ERS_WINDOW sequence 1: ", "ERS_WINDOW sequence 2: ", "ers.window.v9", "/runs: 1 is out of range", "belongs on ers.window.starlark.chain"} {
		coordinator.awaitLog(reason)
	}
}
