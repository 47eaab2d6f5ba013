package e2e

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/events"
)

// badOthers are messages on the subjects of controls, handouts, verdicts and documents for viewers,
// and in the bucket. In subject and text W is a window that was judged, NEXT one that nobody asked
// for yet, and HASH the identity of a request.
var badOthers = []struct{ name, subject, text string }{
	{"a cancel of nothing", "ers.control.cancel.chain.W", ""},
	{"a cancel in text", "ers.control.cancel.chain.W", "stop it"},
	{"a cancel that is an array", "ers.control.cancel.chain.W", "[]"},
	{"a cancel of a future version", "ers.control.cancel.chain.W", `{"schema":"ers.cancel.v99","pipeline":"chain","window":W,"request":"HASH"}`},
	{"a cancel of a window that is to come", "ers.control.cancel.chain.NEXT", `{"schema":"ers.cancel.v1","pipeline":"chain","window":NEXT,"request":"HASH"}`},
	{"a cancel of another pipeline's name", "ers.control.cancel.other.W", `{"schema":"ers.cancel.v1","pipeline":"other","window":W,"request":"HASH"}`},
	{"an unknown verb", "ers.control.explode.chain.W", `{}`},
	{"a control without a window", "ers.control.cancel.chain.soon", `{}`},
	{"a control of window 0", "ers.control.cancel.chain.0", `{}`},
	{"a tombstone of nothing", "ers.control.pruned.chain.W", `null`},
	{"a tombstone of a window that is there", "ers.control.pruned.chain.W", `{"schema":"ers.pruned.v1","pipeline":"chain","window":W,"request":"HASH"}`},

	{"a handout of a run that is not handed out", "ers.run.starlark.chain.W.0", `{"schema":"ers.handout.v1","pipeline":"chain","window":W,"request":"HASH","run":0}`},
	{"a handout of nothing", "ers.run.starlark.chain.W.1", ""},
	{"a handout of a run that the window does not have", "ers.run.starlark.chain.W.99999", `{"schema":"ers.handout.v1","pipeline":"chain","window":W,"request":"HASH","run":99999}`},
	{"a handout of a window that nobody asked for", "ers.run.starlark.chain.NEXT.0", `{"schema":"ers.handout.v1","pipeline":"chain","window":NEXT,"request":"HASH","run":0}`},
	{"a handout on no run", "ers.run.starlark.chain.W.first", `{}`},

	{"a second verdict", "ers.verdict.fail.chain.W", `{"schema":"ers.verdict.v1","outcome":"fail","pipeline":"chain","window":W}`},
	{"a verdict of nothing", "ers.verdict.inconclusive.chain.W", ""},
	{"a verdict in garbage", "ers.verdict.fail.other.W", "\xff\xfe\x00garbage"},
	{"a verdict of a window that is to come", "ers.verdict.pass.chain.NEXT", `{"schema":"ers.verdict.v1","outcome":"pass","pipeline":"chain","window":NEXT}`},
	{"a verdict of a future version", "ers.verdict.pass.chain.1000", `{"schema":"ers.verdict.v99","outcome":"pass","pipeline":"chain","window":1000}`},
	{"a verdict with an unknown outcome", "ers.verdict.perhaps.chain.W", `{}`},
	{"a verdict that is deeper than it may be", "ers.verdict.fail.deep.W", strings.Repeat("[", 2000)},
	{"a verdict without an end", "ers.verdict.fail.cut.W", `{"schema":"ers.verdict.v1","outcome":"fail","pipeline":"cut`},

	{"a TrendPack of nothing", "ers.viz.trendpack.chain.W.0", ""},
	{"a TrendPack in text", "ers.viz.trendpack.chain.W.77", "pack"},
	{"a TrendPack of a window that nobody asked for", "ers.viz.trendpack.chain.NEXT.0", `{"version":"0.1"}`},
	{"a stability document twice", "ers.viz.stability.chain.W", `{"schema":"RunStability.v0"}`},
	{"a stability document of no window", "ers.viz.stability.chain.never", `{}`},

	{"an entry that is no object", "$O.ERS_OBJECTS.M.NAME", "entry"},
	{"an entry of nothing", "$O.ERS_OBJECTS.M.NAME", ""},
	{"an entry with a wildcard for its pieces", "$O.ERS_OBJECTS.M.NAME", `{"name":"x","bucket":"ERS_OBJECTS","nuid":">","size":5,"chunks":1}`},
	{"an entry with an absurd size", "$O.ERS_OBJECTS.M.NAME", `{"name":"x","bucket":"ERS_OBJECTS","nuid":"abc","size":18446744073709551615,"chunks":1}`},
	{"an entry whose pieces are missing", "$O.ERS_OBJECTS.M.NAME", `{"name":"x","bucket":"ERS_OBJECTS","nuid":"missing","size":5,"chunks":1}`},
	{"a name that is no base64", "$O.ERS_OBJECTS.M.%%%", `{}`},
	{"a piece of nobody", "$O.ERS_OBJECTS.C.nobody", "piece"},
}

// TestBadOthers puts them beside good windows: the services live, what was judged stays, the next
// windows pass, nobody's definition is lost, and an audit names each message that is not true.
func TestBadOthers(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	all := s.startAll()
	window := s.submit(small)
	s.checkWindow(small, window)
	request := small.file(t).Request()
	name := base64.URLEncoding.EncodeToString([]byte(request.DefinitionSHA256))
	fill := func(text string) string {
		return strings.NewReplacer("NEXT", "900000", "NAME", name, "HASH", strings.Repeat("0", 64), "W", fmt.Sprint(window)).Replace(text)
	}
	seqs := make([]uint64, len(badOthers))
	for i, bad := range badOthers {
		seqs[i] = s.publish(fill(bad.subject), []byte(fill(bad.text)))
	}
	passes := func() {
		t.Helper()
		if v := s.verdict(small, s.submit(small)); v.Outcome != events.Pass {
			t.Errorf("the next window: %s: %+v", v.Outcome, v.Problems)
		}
	}
	passes()
	passes()
	for _, p := range all {
		p.stop() // it has lived, and ends as asked
	}
	s.startAll()
	passes()
	s.readAll(window)

	cmd := command("ers", "audit", "--nats", s.url)
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("the audit: %v\n%s", err, out)
	}
	for i, bad := range badOthers {
		if strings.HasPrefix(bad.subject, "$O.") {
			continue // of the bucket counts what windows name, and that is whole
		}
		if i > 0 && strings.HasPrefix(bad.subject, "ers.viz.") && strings.Contains(bad.subject, ".chain.W") && strings.HasPrefix(badOthers[i-1].subject, "ers.viz.") {
			continue // of a window's documents for viewers the first that is wrong is named
		}
		stream := map[string]string{"control": events.StreamWindow, "run": events.StreamWindow, "verdict": events.StreamVerdict, "viz": events.StreamViz}[strings.Split(bad.subject, ".")[1]]
		if !strings.Contains(string(out), fmt.Sprintf("%s %d ", stream, seqs[i])) && !strings.Contains(string(out), fmt.Sprintf("%s %d:", stream, seqs[i])) {
			t.Errorf("the audit does not name %s: %s %d", bad.name, stream, seqs[i])
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}
