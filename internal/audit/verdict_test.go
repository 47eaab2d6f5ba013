package audit

import (
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/vary"
)

// Verdicts that do not follow from the digests.
func TestForgedVerdicts(t *testing.T) {
	t.Parallel()
	good := func(change func(*events.Verdict)) func(*script) { return func(s *script) { s.verdict = change } }
	differing := func(change func(*events.Verdict)) func(*script) {
		return func(s *script) {
			s.ticks = func(run int, ticks []events.Tick) {
				if run == 2 {
					ticks[1].Results[1].Value = `{"a":[1,1,true,null,"x/~y"]}`
				}
			}
			s.verdict = change
		}
	}
	at := func(messages ...string) func(*script) []want {
		return func(s *script) (list []want) {
			for _, m := range messages {
				list = append(list, want{Difference, onVerdict, s.verdictSeq, -1, -1, false, m})
			}
			return list
		}
	}
	other := canon.Sum([]byte("other")).String()
	none := at()
	checkForgeries(t, []forgery{
		{"none", differing(func(v *events.Verdict) {}), none},
		{"definition", good(func(v *events.Verdict) { v.DefinitionSHA256 = other }), at("/definition_sha256")},
		{"hash", good(func(v *events.Verdict) { v.Hashes[1] = other }), at("/hashes/1 is")},
		{"result hash", good(func(v *events.Verdict) { v.ResultHashes[2] = other }), at("/result_hashes/2 is")},
		{"expected hash", good(func(v *events.Verdict) { v.ExpectedHash = other }), at("/expected_hash is")},
		{"runs", good(func(v *events.Verdict) { v.Ticks++ }), at("/ticks is 5, computed again it is 4")},
		{"forecast", good(func(v *events.Verdict) { v.Groups[0].ForecastHash = other }), at("/groups/0/forecast_hash")},
		{"group", good(func(v *events.Verdict) { v.Groups[0].Runs = []int{0, 1} }), at("/groups/0/runs/2 is nothing")},
		{"tie", good(func(v *events.Verdict) { v.Tie = true }), at("/tie is true")},
		{"variations", good(func(v *events.Verdict) { v.Variations = []vary.Name{"tz"} }), at("/variations is [\"tz\"]")},
		{"not varied", good(func(v *events.Verdict) { v.NotVaried = []events.NotVaried{{Name: "tz", Reason: "so", Runs: []int{1}}} }), at("/not_varied is ")},
		{"drill", good(func(v *events.Verdict) { v.Drill = &events.Drill{Run: 1, Tick: 6, Task: "filter", Kind: "value"} }), at("/drill is")},
		{"fixed", good(func(v *events.Verdict) { v.Fixed = []vary.Name{"tz"} }), at("/fixed is [\"tz\"]")},
		{"numbers", good(func(v *events.Verdict) { v.Numbers = []int64{0, 1, 2} }), at("/numbers is [0,1,2]")},
		{"probe", good(func(v *events.Verdict) {
			v.Excludes, v.Probe = nil, &events.Probe{Window: 1, Request: other, Question: "why"}
		}), at("/excludes is ", "/probe is")},
		{"latch", good(func(v *events.Verdict) { v.Latch = &events.Latch{Trace: other} }), at("/latch is")},
		{"earlier digest", good(func(v *events.Verdict) { v.DigestSeq-- }), func(s *script) []want {
			return []want{{Repeat, onDigest, s.digestSeqs[2][1], 2, -1, false, "a digest after the one that its window's verdict was made from"},
				{Difference, onVerdict, s.verdictSeq, -1, -1, false, "made before run 2 had its last digest"},
				{Difference, onVerdict, s.verdictSeq, -1, -1, false, "/digest_seq"},
				{Difference, onVerdict, s.verdictSeq, -1, -1, false, "/excludes"},
				{Difference, onVerdict, s.verdictSeq, -1, -1, false, "/groups/0/runs/2"}, {Difference, onVerdict, s.verdictSeq, -1, -1, false, "/hashes/2"},
				{Difference, onVerdict, s.verdictSeq, -1, -1, false, "/outcome is \"pass\", computed again it is \"inconclusive\""}, {Difference, onVerdict, s.verdictSeq, -1, -1, false, "/result_hashes/2"}}
		}},
		{"no digest", good(func(v *events.Verdict) { v.DigestSeq = 1 << 40 }), at("/digest_seq is 1099511627776, which is not a digest of this window")},
		{"digest of another window", good(func(v *events.Verdict) { v.DigestSeq = 1 }), at("/digest_seq is 1, which is not a digest of this window")},
		{"excludes more", good(func(v *events.Verdict) { v.Excludes.Percent = 99 }), at("/excludes/percent is 99, computed again it is 75")},
		{"excludes nothing", good(func(v *events.Verdict) { v.Excludes = nil }), at(`/excludes is nothing, computed again it is {"one_in":2,"percent":75}`)},
		{"inconclusive", good(func(v *events.Verdict) {
			v.Outcome = events.Inconclusive
			v.Problems = []events.Problem{{Run: 1, Stream: onTrace, Seq: 1, Reason: "bad"}}
		}), func(s *script) []want {
			return at("run 1 cannot be judged (bad), but its frames and digests are good", "/outcome is", "/problems is")(s)
		}},
		{"pass", differing(func(v *events.Verdict) { v.Outcome, v.Divergence = events.Pass, nil }), at(`/outcome is "pass", computed again it is "fail"`)},
		{"outliers", differing(func(v *events.Verdict) { v.Outliers = []int{1} }), at("/outliers/0 is 1, computed again it is 2")},
		{"first mismatch", differing(func(v *events.Verdict) { v.FirstMismatchIndex = new(int) }), at("/first_mismatch_index is 0, computed again it is 2")},
		{"kind", differing(func(v *events.Verdict) { v.Divergence.Kind = "value" }), at(`/divergence/kind is "value", computed again it is "type"`)},
		{"tick", differing(func(v *events.Verdict) { v.Divergence.Tick++ }), at(`/divergence/tick is 7, computed again it is 6`)},
		{"event", differing(func(v *events.Verdict) { v.Divergence.EventIndex = 2 }), at(`/divergence/event_index`)},
		{"task", differing(func(v *events.Verdict) { v.Divergence.Task = "ingest" }), at(`/divergence/task`)},
		{"pointer", differing(func(v *events.Verdict) { v.Divergence.Pointer = "/value/a" }), at(`/divergence/pointer is "/value/a", computed again it is "/value/a/1"`)},
		{"canonical", differing(func(v *events.Verdict) { v.Divergence.Found.Canonical = "2" }), at(`/divergence/found/canonical is "2", computed again it is "1"`)},
		{"value", differing(func(v *events.Verdict) { v.Divergence.Expected.Value = "2.0" }), at(`/divergence/expected/value is 2.0, computed again it is 1.0`)},
		{"no value", differing(func(v *events.Verdict) { v.Divergence.Expected.Value = canon.Null }), at(`/divergence/expected/value is null`)},
		{"error", differing(func(v *events.Verdict) { v.Divergence.Found.Error = "none" }), at(`/divergence/found/error`)},
		{"runs of the divergence", differing(func(v *events.Verdict) { v.Divergence.Runs = []int{1} }), at(`/divergence/runs/0`)},
		{"event beside", differing(func(v *events.Verdict) { v.Divergence.Found.Event.CostOps++ }), at(`/divergence/found/event/cost_ops`)},
		{"before", differing(func(v *events.Verdict) { v.Divergence.Before[0].Tick++ }), at(`/divergence/before/0/tick is 6, computed again it is 5`)},
		{"after", differing(func(v *events.Verdict) { v.Divergence.Found.After = v.Divergence.Found.After[:2] }), at(`/divergence/found/after/2 is nothing`)},
		{"differs", differing(func(v *events.Verdict) { v.Groups[1].Differs.EventIndex = 7 }), at(`/groups/1/differs/event_index is 7`)},
		{"no differs", differing(func(v *events.Verdict) { v.Groups[1].Differs = nil }), at(`/groups/1/differs is nothing`)},
	})
}

// A run that is rightly given up, before or after its last tick, and verdicts that
// say something else of it.
func TestForgedInconclusive(t *testing.T) {
	broken := func(change func(*events.Verdict)) func(*script) {
		return func(s *script) {
			s.frames = run1(func(f [][]byte) [][]byte { return slices.Insert(f, 1, f[0]) })
			s.digests = run1(func([]*events.Digest) []*events.Digest {
				d := s.newDigest(1)
				d.Hashes, d.Final = events.NewRunHash().Sum(), true
				d.Problem = &events.Problem{Run: 1, Stream: onTrace, Seq: s.frameSeqs[1][1], Reason: "a frame again"}
				return []*events.Digest{d}
			})
			s.verdict = change
		}
	}
	known := func(s *script) want {
		return want{Repeat, onTrace, s.frameSeqs[1][1], 1, 5, true, "event 0 of tick 5 again"}
	}
	at := func(messages ...string) func(*script) []want {
		return func(s *script) []want {
			list := []want{known(s)}
			for _, m := range messages {
				list = append(list, want{Difference, onVerdict, s.verdictSeq, -1, -1, false, m})
			}
			return list
		}
	}
	checkForgeries(t, []forgery{
		{"none", broken(func(*events.Verdict) {}), at()},
		{"behind the last digest", func(s *script) {
			s.frames = run1(func(f [][]byte) [][]byte { return append(f, f[0]) })
			s.digests = run1(func(list []*events.Digest) []*events.Digest {
				d := s.newDigest(1)
				d.Done, d.Hashes, d.Final, d.LastSeq = 4, events.NewRunHash().Sum(), true, list[1].LastSeq
				d.Problem = &events.Problem{Run: 1, Stream: onTrace, Seq: d.LastSeq + 1, Reason: "a frame behind the end of its run"}
				return append(list, d)
			})
		}, func(s *script) []want {
			return []want{{Repeat, onTrace, s.frameSeqs[1][len(s.frameSeqs[1])-1], 1, 5, true, "behind the end"}}
		}},
		{"another message", broken(func(v *events.Verdict) { v.Problems[0].Seq-- }), at("because of ERS_TRACE")},
		{"another run", broken(func(v *events.Verdict) { v.Problems[0].Run = 2 }),
			at("does not say that run 1 cannot be judged", "run 2 cannot be judged (a frame again), but its frames and digests are good", "/problems is")},
		{"no such run", broken(func(v *events.Verdict) { v.Problems = append(v.Problems, events.Problem{Run: 9, Stream: onTrace}) }), at("a problem of run 9 too many", "/problems/1 is")},
		{"pass", broken(func(v *events.Verdict) { v.Outcome, v.Problems = events.Pass, nil }), at("does not say that run 1", "/outcome")},
		{"hash", broken(func(v *events.Verdict) { v.Hashes[1] = v.Hashes[0] }), at("/hashes/1")},
	})
}

// Verdicts about which something is wrong beyond what they say.
func TestVerdictsOutOfPlace(t *testing.T) {
	b := bustest.Open(t)
	good := newScript(t, b).write()
	text := func() []byte {
		m, err := b.Get(t.Context(), onVerdict, good.verdictSeq)
		good.must(err)
		return m.Data
	}()
	again := good.append(events.VerdictSubject(events.Fail, pipeline, good.id), text)
	check(t, good.audit(), events.Fail, want{Repeat, onVerdict, again, -1, -1, false, "has a verdict already"})

	none := newScript(t, b)
	none.verdict = func(v *events.Verdict) { v.Schema = "" }
	none.write()
	r := none.audit()
	check(t, r, events.Inconclusive)
	if len(r.Unjudged) != 1 || !strings.Contains(r.Unjudged[0].Message, "is a gate running?") || r.Reason != "no window has a verdict yet" {
		t.Errorf("%+v", r)
	}

	wrong := newScript(t, b).write()
	moved := wrong.append(events.VerdictSubject(events.Pass, "other", wrong.id), text)
	gap := want{Gap, onDigest, none.digestSeqs[2][1], -1, -1, false, "complete with this digest and has no verdict"}
	check(t, none.audit(), events.Fail, gap)
	misplaced := want{Contradiction, onVerdict, moved, -1, -1, false, "on the subject ers.verdict.pass.other"}
	check(t, wrong.audit(), events.Fail, misplaced)

	nowhere := good.append("ers.verdict.maybe.demo.1", text)
	foreign := good.append(events.TraceSubject(events.RunKey{Pipeline: pipeline, Window: 99}), []byte("x"))
	odd := good.append("ers.trace.demo.1.x", []byte("x"))
	check(t, audit(t, b, 0), events.Fail,
		want{Contradiction, onTrace, odd, -1, -1, false, "run \"x\""},
		want{Contradiction, onVerdict, nowhere, -1, -1, false, "unknown outcome"},
		want{Repeat, onVerdict, again, -1, -1, false, ""}, gap, misplaced,
		want{Contradiction, onTrace, foreign, 0, -1, false, "ERS_WINDOW has no message 99"},
		want{Contradiction, onTrace, foreign, 0, -1, false, "want a map"})
	check(t, audit(t, b, 98), events.Inconclusive)
	if r := audit(t, b, 98); !strings.Contains(r.Reason, "no message 98") {
		t.Error(r.Reason)
	}
}

// A verdict that shows a long text cut, and one with a value that JSON has not.
func TestShownInPart(t *testing.T) {
	b := bustest.Open(t)
	for _, value := range []canon.Value{canon.Value(`"` + strings.Repeat("é", 20<<10) + `"`), "NaN", canon.Value(strings.Repeat("[", 999) + strings.Repeat("]", 999))} {
		s := newScript(t, b)
		s.ticks = func(run int, ticks []events.Tick) {
			ticks[2].Results[0].Value = `"x"`
			if run > 0 {
				ticks[2].Results[0].Value = value
			}
		}
		s.write()
		check(t, s.audit(), events.Pass)
	}
}
