package audit

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/service/feed"
)

// shownScript is a window that fails: run 2 differs in its second tick.
func shownScript(t testing.TB, b *bus.Bus) *script {
	s := newScript(t, b)
	s.ticks = func(run int, ticks []events.Tick) {
		if run == 2 {
			ticks[1].Results[1].Value = `{"a":[1,1,true,null,"x/~y"]}`
			ticks[3].Events[4].Status, ticks[3].Results[4].Status = events.OK, events.OK
		}
	}
	return s.write()
}

// feedOf returns what a feed says of shownScript: four TrendPacks of run 0, four of run 2,
// and the RunStability.
func feedOf(t testing.TB) (list []bus.Message) {
	t.Helper()
	b := bustest.Open(t)
	shownScript(t, b)
	start(t, feed.New(feed.Config{Bus: b, Log: zerolog.Nop()}).Run)
	awaitShown(t, b, 1)
	for m, err := range b.Read(t.Context(), events.StreamViz, "", 1, 0) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	if len(list) != 9 {
		t.Fatalf("%d documents", len(list))
	}
	return list
}

// Documents for viewers that do not follow from verdict and frames.
func TestForgedViz(t *testing.T) {
	t.Parallel()
	good := feedOf(t)
	change := func(i int, old, new string) func([]bus.Message) []bus.Message {
		return func(list []bus.Message) []bus.Message {
			data := bytes.Replace(list[i].Data, []byte(old), []byte(new), 1)
			if bytes.Equal(data, list[i].Data) {
				t.Fatalf("document %d has no %s:\n%s", i, old, list[i].Data)
			}
			list[i].Data = data
			return list
		}
	}
	const onViz = events.StreamViz
	at := func(kind Kind, seq uint64, run int, tick int64, message string) []want {
		return []want{{kind, onViz, seq, run, tick, false, message}}
	}
	for _, c := range []struct {
		name  string
		forge func(list []bus.Message) []bus.Message
		want  []want
	}{
		{"none", func(list []bus.Message) []bus.Message { return list }, nil},
		{"cost", change(0, `"cost_ops":2`, `"cost_ops":3`), at(Difference, 1, 0, 5, "/errors/0/cost_ops is 3, computed from the frames it is 2")},
		{"timeline", change(0, `"timeline":[{"cost_entropy":1`, `"timeline":[{"cost_entropy":2`), at(Difference, 1, 0, 5, "/timeline/0/cost_entropy is 2")},
		{"status", change(7, `"status":"ok"`, `"status":"error"`), at(Difference, 8, 2, 8, "/timeline/0/status")},
		{"budget", change(1, `"spent_ops":4`, `"spent_ops":5`), at(Difference, 2, 0, 6, "/budget/forecast/spent_ops is 5")},
		{"stats", change(2, `"ok_events":2`, `"ok_events":3`), at(Difference, 3, 0, 7, "/stats/ok_events")},
		{"outcome", change(0, `"outcome":"fail"`, `"outcome":"pass"`), at(Difference, 1, 0, 5, "/provenance/outcome")},
		{"request", change(0, `"request":"`, `"request":"0`), at(Difference, 1, 0, 5, "/provenance/request")},
		{"hash", change(0, `"trace_sha256":"`, `"trace_sha256":"0`), at(Difference, 1, 0, 5, "/provenance/trace_sha256")},
		{"first sequence", change(3, `"trace_first_seq":`, `"trace_first_seq":1`), at(Difference, 4, 0, 8, "/provenance/trace_first_seq")},
		{"errors", change(0, `"errors":[{`, `"errors":[{"and":1,`), at(Difference, 1, 0, 5, "/errors/0/and is 1, computed from the frames it is nothing")},
		{"flipped bit", func(list []bus.Message) []bus.Message { list[4].Data[0] ^= 1; return list }, at(Contradiction, 5, 2, 5, "a document that cannot be read")},
		{"spelt otherwise", change(0, `"version":`, `"version": `), at(Contradiction, 1, 0, 5, "not canonical")},
		{"another run", func(list []bus.Message) []bus.Message {
			list[3].Subject = strings.TrimSuffix(list[3].Subject, "0") + "1"
			return list
		}, append(at(Contradiction, 4, 1, -1, "a TrendPack of run 1, which is not the first of a group"),
			want{Gap, onViz, 9, -1, 8, false, "there is no TrendPack of run 0 from its 4th tick on"})},
		{"left out", func(list []bus.Message) []bus.Message { return slices.Delete(list, 1, 2) }, at(Difference, 2, 0, 6, "/provenance/result_sha256")},
		{"left out at the end", func(list []bus.Message) []bus.Message { return slices.Delete(list, 7, 8) }, at(Gap, 8, -1, 8, "there is no TrendPack of run 2 from its 4th tick on")},
		{"none of a run", func(list []bus.Message) []bus.Message { return list[8:] },
			append(at(Gap, 1, -1, 5, "no TrendPack of run 0 from its 1st tick on"), at(Gap, 1, -1, 5, "no TrendPack of run 2 from its 1st tick on")...)},
		{"one more", func(list []bus.Message) []bus.Message { return slices.Insert(list, 4, list[3]) }, at(Repeat, 5, 0, -1, "behind those of the run's 4 ticks")},
		{"ok", change(8, `"ok":false`, `"ok":true`), at(Difference, 9, -1, -1, "/ok is true, computed from the verdict it is false")},
		{"divergence", change(8, `"tick":6`, `"tick":7`), at(Difference, 9, -1, -1, "/divergence/diffs/0/tick")},
		{"mismatch", change(8, `"first_mismatch_run":2`, `"first_mismatch_run":1`), at(Difference, 9, -1, -1, "/first_mismatch_run")},
		{"expected hash", change(8, `"expected_trendpack_sha256":"`, `"expected_trendpack_sha256":"0`), at(Difference, 9, -1, -1, "/expected_trendpack_sha256")},
		{"outcome of the note", change(8, `"note":"fail: `, `"note":"pass: `), at(Difference, 9, -1, -1, "/note is \"pass: ")},
		{"twice", func(list []bus.Message) []bus.Message { return append(list, list[8]) }, at(Repeat, 10, -1, -1, "has its RunStability already, ERS_VIZ 9")},
		{"behind the end", func(list []bus.Message) []bus.Message { return append(list[:7], list[8], list[7]) },
			append(at(Gap, 8, -1, 8, "there is no TrendPack of run 2 from its 4th tick on"), at(Repeat, 9, 2, -1, "a TrendPack behind the window's RunStability, ERS_VIZ 8")...)},
		{"window without a verdict", func(list []bus.Message) []bus.Message {
			list[8].Subject = events.StabilitySubject(pipeline, 7)
			return list
		}, at(Contradiction, 9, -1, -1, "a window that has no verdict")},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := bustest.Open(t)
			s := shownScript(t, b)
			list := slices.Clone(good)
			for i := range list {
				list[i].Data = bytes.Clone(list[i].Data)
			}
			for _, m := range c.forge(list) {
				s.append(m.Subject, m.Data)
			}
			check(t, audit(t, b, 0), outcomeOf(c.want), c.want...)
			if c.name == "behind the end" { // of one window the documents are read kind by kind
				check(t, s.audit(), outcomeOf(c.want), at(Repeat, 8, -1, -1, "go on behind its RunStability, up to ERS_VIZ 9")...)
			} else if c.name != "window without a verdict" {
				check(t, s.audit(), outcomeOf(c.want), c.want...)
			}
		})
	}
}

// A window that is passed over while later ones are shown is missed.
func TestMissedViz(t *testing.T) {
	b := bustest.Open(t)
	s := newScript(t, b).write()
	good := newScript(t, b).write()
	hash := canon.Sum([]byte(`{"result_sha256":"` + lastOf(good).Result + `","trace_sha256":"` + lastOf(good).Trace + `"}`)).String()
	later := s.encode(map[string]any{"schema": "RunStability.v0", "run_id": "demo-2-0", "ok": true, "expected_trendpack_sha256": hash,
		"trendpack_sha256s": []string{hash, hash, hash}, "first_mismatch_run": nil, "divergence": nil, "note": "pass: all 3 runs are equal to the byte (request " + lastOf(good).Request + ")"})
	s.append(events.StabilitySubject(pipeline, good.id), later)
	check(t, audit(t, b, 0), events.Fail,
		want{Gap, onVerdict, s.verdictSeq, -1, -1, false, "no RunStability on ERS_VIZ, although later verdicts have"},
		want{Gap, events.StreamViz, 1, -1, 5, false, "there is no TrendPack of run 0 from its 1st tick on"})
}

// lastOf is the last digest of run 0.
func lastOf(s *script) (d events.Digest) {
	m, err := s.bus.Get(s.t.Context(), onDigest, s.digestSeqs[0][1])
	s.must(err)
	s.must(events.Decode(m.Data, &d))
	return d
}
