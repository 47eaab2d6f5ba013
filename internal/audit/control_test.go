package audit

import (
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

var otherSHA = canon.Sum([]byte("other")).String()

// Documents of another request than the one that ERS_WINDOW has under their window's
// number.
func TestForgedKeys(t *testing.T) {
	checkForgeries(t, []forgery{
		{"frames", func(s *script) {
			s.frames = run1(func([][]byte) [][]byte {
				w := s.window
				w.Request = otherSHA
				f, _ := cutFrames(s.t, w, 1, 5, []events.Tick{testTick(5), testTick(6), testTick(7), testTick(8)})
				return f
			})
		}, func(s *script) []want {
			return []want{{Contradiction, onTrace, s.frameSeqs[1][0], 1, 5, false, "a frame of request d9298a10d1b0…, but the window is that of request " + s.window.Request[:12]},
				{Gap, onDigest, s.digestSeqs[1][0], 1, 5, false, "bad from ERS_TRACE"}}
		}},
		{"digest", func(s *script) {
			s.digests = run1(func(list []*events.Digest) []*events.Digest { list[0].Request = otherSHA; return list })
		}, func(s *script) []want {
			return []want{{Contradiction, onDigest, s.digestSeqs[1][0], 1, -1, false, "a digest of request d9298a10d1b0…"}}
		}},
		{"verdict", func(s *script) { s.verdict = func(v *events.Verdict) { v.Request = otherSHA } }, func(s *script) []want {
			return []want{{Difference, onVerdict, s.verdictSeq, -1, -1, false, "/request is \"d9298a10"}}
		}},
		{"case", func(s *script) { s.verdict = func(v *events.Verdict) { v.Case = otherSHA } }, func(s *script) []want {
			return []want{{Difference, onVerdict, s.verdictSeq, -1, -1, false, "/case is \"d9298a10"}}
		}},
		{"all of another request", func(s *script) { // as when ERS_WINDOW was removed and the number came again
			s.answer = func(w events.WindowKey) events.WindowKey { w.Request = otherSHA; return w }
		}, func(s *script) (list []want) {
			for run := range 3 {
				list = append(list, want{Contradiction, onTrace, s.frameSeqs[run][0], run, 5, false, "a frame of request d9298a10d1b0…"})
			}
			for run := range 3 {
				list = append(list, want{Contradiction, onDigest, s.digestSeqs[run][0], run, -1, false, "a digest of request"},
					want{Gap, onDigest, s.digestSeqs[run][0], run, 5, false, "bad from ERS_TRACE"},
					want{Contradiction, onDigest, s.digestSeqs[run][1], run, -1, false, "a digest of request"})
			}
			for _, message := range []string{"run 0 cannot be judged", "run 1 cannot be judged", "run 2 cannot be judged",
				"/excludes", "/expected_hash", "/expected_result_hash", "/groups", "/hashes", "/outcome", "/request", "/result_hashes"} {
				list = append(list, want{Difference, onVerdict, s.verdictSeq, -1, -1, false, message})
			}
			return list
		}},
	})
}

// Requests that say of the other streams what these do not hold.
func TestForgedAfter(t *testing.T) {
	b := bustest.Open(t)
	first := newScript(t, b).write()
	sha := func(s *script, seq uint64) string {
		m, err := b.Get(t.Context(), onVerdict, seq)
		s.must(err)
		return canon.Sum(m.Data).String()
	}
	after := func(a events.After) *script {
		s := newScript(t, b)
		s.request = func(q *events.WindowRequest) { q.After = a }
		return s.write()
	}
	honest := events.After{Trace: first.frameSeqs[2][len(first.frameSeqs[2])-1], Digest: first.digestSeqs[2][1], Verdict: first.verdictSeq, VerdictSHA256: sha(first, first.verdictSeq)}
	check(t, after(honest).audit(), events.Pass)

	changed := honest
	changed.VerdictSHA256 = otherSHA
	s := after(changed)
	check(t, s.audit(), events.Fail, want{Contradiction, onWindow, s.id, -1, -1, false, "it was made when ERS_VERDICT 1 had SHA-256 d9298a10d1b0…, now it has"})

	short := honest
	short.Trace, short.Verdict = 1<<40, 1<<40
	s = after(short)
	r := s.audit()
	if len(r.Findings) < 2 || !strings.Contains(r.Findings[0].Message, "ERS_TRACE ended with 1099511627776, which that stream has not") || r.Findings[0].Stream != onWindow ||
		!strings.Contains(r.Findings[1].Message, "ERS_VERDICT ended with 1099511627776") {
		t.Errorf("%s", r.AppendText(nil))
	}
	// Its own frames cannot have been there.
	last, err := b.LastSeq(t.Context(), onTrace)
	s.must(err)
	own := honest
	own.Trace = last + 1
	s = after(own)
	check(t, s.audit(), events.Fail, want{Contradiction, onTrace, s.frameSeqs[0][0], 0, 5, false, "a frame of a window that was requested when ERS_TRACE ended with"},
		want{Gap, onDigest, s.digestSeqs[0][0], 0, 5, false, "bad from"})
	ownVerdict := honest
	ownVerdict.Verdict = s.verdictSeq + 1
	s = after(ownVerdict)
	r = s.audit()
	if len(r.Findings) != 2 || !strings.Contains(r.Findings[1].Message, "the window was requested when ERS_VERDICT ended with") {
		t.Errorf("%s", r.AppendText(nil))
	}
}

// Verdicts stand in the order in which their windows came to their end.
func TestVerdictsInAnotherOrder(t *testing.T) {
	b := bustest.Open(t)
	early := newScript(t, b)
	var kept *events.Verdict
	early.verdict = func(v *events.Verdict) {
		said := *v
		kept, v.Schema = &said, ""
	}
	early.write()
	newScript(t, b).write()
	seq := early.append(events.VerdictSubject(kept.Outcome, pipeline, early.id), early.encode(kept))
	check(t, audit(t, b, 0), events.Fail, want{Contradiction, onVerdict, seq, -1, -1, false, "/digest_seq is 6, and 12 in ERS_VERDICT 1 before it"})
}

// What stands in ERS_WINDOW beside requests.
func TestControl(t *testing.T) {
	b := bustest.Open(t)
	s := newScript(t, b).write()
	cancel := func(window uint64, c events.Control) uint64 {
		c.Schema, c.Verb = events.ControlSchema, events.Cancel
		return s.append(events.ControlSubject(events.Cancel, pipeline, window), s.encode(&c))
	}
	good := events.Control{Pipeline: pipeline, Window: s.id, Request: s.window.Request, Reason: "no more"}
	cancel(s.id, good)
	check(t, audit(t, b, 0), events.Pass)
	misplaced := cancel(s.id+1, good)
	other := good
	other.Request = otherSHA
	foreign := cancel(s.id, other)
	early := cancel(99, events.Control{Pipeline: pipeline, Window: 99, Request: otherSHA})
	odd := s.append(events.ControlSubject(events.Cancel, pipeline, s.id), []byte("{}"))
	check(t, audit(t, b, 0), events.Fail,
		want{Contradiction, onWindow, foreign, -1, -1, false, "a cancel of request d9298a10d1b0…, which no request before it is"},
		want{Contradiction, onWindow, odd, -1, -1, false, "a control event that cannot be read"},
		want{Contradiction, onWindow, misplaced, -1, -1, false, "a cancel of window 1 of demo on ers.control.cancel.demo.2"},
		want{Contradiction, onWindow, early, -1, -1, false, "no request before it"})
}

// Runs that are handed out one by one, and notes of who took them, are those of a window
// that asks for it.
func TestHandedOut(t *testing.T) {
	b := bustest.Open(t)
	s := newScript(t, b)
	s.request = func(r *events.WindowRequest) { r.Spread = true }
	s.verdict = func(v *events.Verdict) { v.Machines = []events.Machine{{Runs: upTo(v.Runs)}} }
	s.write()
	alike := newScript(t, b).write()
	hand := func(run int, of *script, change func(*events.Handout)) uint64 {
		h := events.Handout{Schema: events.HandoutSchema, Kind: of.req.Kind, Pipeline: pipeline, Window: of.id, Run: run, Request: of.window.Request}
		subject := events.HandoutSubject(h.Kind, h.RunKey())
		if change != nil {
			change(&h)
		}
		return s.append(subject, s.encode(&h))
	}
	hand(0, s, nil)
	hand(1, s, nil)
	s.append(events.ControlSubject(events.Taken, pipeline, s.id), s.encode(&events.Control{Schema: events.ControlSchema, Verb: events.Taken,
		Pipeline: pipeline, Window: s.id, Request: s.window.Request, Takings: 1, TraceSeq: 3, Runs: []int{1}}))
	check(t, audit(t, b, 0), events.Pass)
	foreign := hand(0, s, func(h *events.Handout) { h.Request = otherSHA })
	misplaced := hand(1, s, func(h *events.Handout) { h.Run = 0 })
	beyond := hand(700, s, nil)
	unasked := hand(0, alike, nil)
	check(t, audit(t, b, 0), events.Fail,
		want{Contradiction, onWindow, foreign, -1, -1, false, "which no request before it is"},
		want{Contradiction, onWindow, misplaced, -1, -1, false, "belongs on ers.run."},
		want{Contradiction, onWindow, beyond, -1, -1, false, "its window hands out runs 0 to"},
		want{Contradiction, onWindow, unasked, -1, -1, false, "does not compare machines"})
}

func upTo(n int) (runs []int) {
	for run := range n {
		runs = append(runs, run)
	}
	return runs
}

// A repair says what is lost. What rests on it can not be judged, and is a finding until
// a person has looked at it.
func TestRepaired(t *testing.T) {
	b := bustest.Open(t)
	s := newScript(t, b).write()
	lost := events.WindowKey{Pipeline: pipeline, Window: s.id + 1, Request: otherSHA}
	frames, _ := cutFrames(t, lost, 0, 5, []events.Tick{testTick(5), testTick(6), testTick(7), testTick(8)})
	frame := s.append(events.TraceSubject(lost.Run(0)), frames[0])
	void := func(v events.Void) uint64 {
		v.Schema, v.Reason = events.VoidSchema, "cut short"
		return s.append(events.VoidSubject, s.encode(&v))
	}
	if seq := void(events.Void{Ends: events.Ends{Window: s.id, Trace: frame, Digest: 6, Verdict: 1}}); seq != lost.Window {
		t.Fatalf("void request %d", seq)
	}
	gone := want{Contradiction, onTrace, frame, 0, -1, false, "a message of a window that is none: the request of window 2 was lost, a repair says"}
	check(t, audit(t, b, 0), events.Fail, gone)

	// A request before the repair may name what is lost.
	early := newScript(t, b)
	early.request = func(q *events.WindowRequest) { q.After.Digest = 7 }
	early.write()
	void(events.Void{Ends: events.Ends{Window: early.id, Trace: frame, Digest: 6, Verdict: 1}})
	check(t, early.audit(), events.Pass, want{Gap, onWindow, early.id, -1, -1, true, "what is missing of that is lost, a repair says"})
	odd := void(events.Void{Ends: events.Ends{Window: 1 << 40}})
	check(t, audit(t, b, odd), events.Fail, want{Contradiction, onWindow, odd, -1, -1, false, "a void request that was made when ERS_WINDOW ended with 1099511627776"})
}
