package audit

import (
	"bytes"
	"slices"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// Records in which something is forged, and what an audit of them must find.

const (
	onTrace   = events.StreamTrace
	onDigest  = events.StreamDigest
	onVerdict = events.StreamVerdict
	onWindow  = events.StreamWindow
)

// A record that was written well passes.
func TestGoodRecord(t *testing.T) {
	s := newScript(t, bustest.Open(t)).write()
	r := s.audit()
	check(t, r, events.Pass)
	if r.Windows != 1 || r.Runs != 3 || r.Ticks != 12 || r.Events != 60 || r.Frames != int64(3*len(s.frameSeqs[0])) || r.Digests != 6 || r.Verdicts != 1 || r.Pass != 1 {
		t.Errorf("counts: %+v", r)
	}
}

// forgery is a record in which something is not as it should be.
type forgery struct {
	name  string
	forge func(s *script)
	want  func(s *script) []want
}

// checkForgeries writes all of them on one server and audits each window by itself,
// then everything at once.
func checkForgeries(t *testing.T, forgeries []forgery) {
	b := bustest.Open(t)
	var all []want
	for _, c := range forgeries {
		t.Run(c.name, func(t *testing.T) {
			s := newScript(t, b)
			c.forge(s)
			s.write()
			wants := c.want(s)
			all = append(all, wants...)
			check(t, s.audit(), outcomeOf(wants), wants...)
		})
	}
	if !t.Failed() {
		check(t, audit(t, b, 0), outcomeOf(all), all...)
	}
}

func outcomeOf(wants []want) events.Outcome {
	if slices.ContainsFunc(wants, func(w want) bool { return !w.known }) {
		return events.Fail
	}
	return events.Pass
}

// run1 applies a change to run 1 alone.
func run1[T any](change func(T) T) func(int, T) T {
	return func(run int, v T) T {
		if run == 1 {
			return change(v)
		}
		return v
	}
}

// Frames that are not as they should be, under digests that know nothing of it.
func TestForgedFrames(t *testing.T) {
	t.Parallel()
	var list []forgery
	for _, c := range frameForgeries {
		list = append(list, forgery{c.name, func(s *script) { s.frames = run1(func(f [][]byte) [][]byte { return c.forge(s, f) }) },
			func(s *script) []want {
				bad := want{c.kind, onTrace, s.frameSeqs[1][c.at(len(s.frameSeqs[1]))], 1, c.tick, c.name == "given up", c.message}
				if c.behind { // the digests are right
					return []want{bad}
				}
				return []want{bad, {Gap, onDigest, s.digestSeqs[1][0], 1, 5, false, "bad from ERS_TRACE"}}
			}})
	}
	checkForgeries(t, list)
}

// frameForgeries change the frames of run 1, of which the first tick has several, and
// say which then is the first bad one.
var frameForgeries = []struct {
	name    string
	forge   func(s *script, f [][]byte) [][]byte
	kind    Kind
	at      func(n int) int
	tick    int64
	message string
	behind  bool
}{
	{"cut short", func(_ *script, f [][]byte) [][]byte { f[1] = f[1][:len(f[1])-1]; return f }, Contradiction, index(1), -1, "EOF", false},
	{"followed by a byte", func(_ *script, f [][]byte) [][]byte { f[1] = append(f[1], 0); return f }, Contradiction, index(1), -1, "1 bytes follow", false},
	{"no frame", func(_ *script, f [][]byte) [][]byte { f[0] = []byte("{}"); return f }, Contradiction, index(0), -1, "want a map", false},
	{"other version", func(_ *script, f [][]byte) [][]byte {
		f[0] = bytes.Replace(f[0], []byte("\xa1v\x02"), []byte("\xa1v\x03"), 1)
		return f
	}, Contradiction, index(0), -1, "frame version 3", false},
	{"other status of the result", func(_ *script, f [][]byte) [][]byte {
		i := bytes.LastIndex(f[0], []byte("\xa2ok"))
		f[0] = slices.Concat(f[0][:i], []byte("\xa5error"), f[0][i+3:])
		return f
	}, Contradiction, index(0), -1, "beside the result of", false},
	{"repeated", func(_ *script, f [][]byte) [][]byte { return slices.Insert(f, 1, f[0]) }, Repeat, index(1), 5, "event 0 of tick 5 again", false},
	{"missing", func(_ *script, f [][]byte) [][]byte { return slices.Delete(f, 1, 2) }, Gap, index(1), 5, "event 2 of tick 5 where event 1 of tick 5 belongs", false},
	{"missing tick", func(s *script, f [][]byte) [][]byte { return slices.Delete(f, 0, len(f)/4) }, Gap, index(0), 6, "where event 0 of tick 5 belongs", false},
	{"of another run", func(s *script, _ [][]byte) [][]byte {
		f, _ := cutFrames(s.t, s.window, 2, 5, []events.Tick{testTick(5), testTick(6), testTick(7), testTick(8)})
		return f
	}, Contradiction, index(0), 5, "on the subject of run", false},
	{"given up", func(s *script, f [][]byte) [][]byte {
		frame, err := events.AppendAbandoned(nil, events.Position{Request: s.window.Request, RunKey: s.key(1), FirstTick: 5, Ticks: 4, Tick: 5, First: 2, Total: 5}, "no disk")
		s.must(err)
		return slices.Insert(f[:1], 1, frame)
	}, Gap, index(1), 5, "gave the run up: no disk", false},
	{"behind the end", func(_ *script, f [][]byte) [][]byte { return append(f, f[len(f)-1]) }, Repeat, func(n int) int { return n - 1 }, 8, "behind the end", true},
}

func index(i int) func(int) int { return func(int) int { return i } }

// Digests that do not follow from the frames.
func TestForgedDigests(t *testing.T) {
	t.Parallel()
	one := func(i int, change func(*events.Digest)) func(s *script) {
		return func(s *script) {
			s.digests = run1(func(list []*events.Digest) []*events.Digest { change(list[i]); return list })
		}
	}
	at := func(i int, kind Kind, tick int64, message string) func(s *script) []want {
		return func(s *script) []want { return []want{{kind, onDigest, s.digestSeqs[1][i], 1, tick, false, message}} }
	}
	other := canon.Sum([]byte("other")).String()
	checkForgeries(t, []forgery{
		{"trace hash of a tick", one(1, func(d *events.Digest) { d.Covers[1].Trace = other }), at(1, Difference, 7, "/covers/1/trace_sha256 is \"d9298a10")},
		{"result hash of a tick", one(0, func(d *events.Digest) { d.Covers[0].Result = other }), at(0, Difference, 5, "/covers/0/result_sha256")},
		{"forecast hash of a tick", one(0, func(d *events.Digest) { d.Covers[0].Forecast = other }), at(0, Difference, 5, "/covers/0/forecast_sha256")},
		{"first sequence", one(1, func(d *events.Digest) { d.Covers[0].FirstSeq-- }), at(1, Difference, 6, "/covers/0/first_seq")},
		{"last sequence of a tick", one(0, func(d *events.Digest) { d.Covers[0].LastSeq++ }), at(0, Difference, 5, "/covers/0/last_seq")},
		{"events of a tick", one(1, func(d *events.Digest) { d.Covers[2].Events++ }), at(1, Difference, 8, "/covers/2/events is 6")},
		{"events", one(1, func(d *events.Digest) { d.Events++ }), at(1, Difference, -1, "/events is 21, computed from the frames it is 20")},
		{"forecast hash", one(1, func(d *events.Digest) { d.Forecast = other }), at(1, Difference, -1, "/forecast_sha256")},
		{"trace hash on the way", one(0, func(d *events.Digest) { d.Trace = other }), at(0, Difference, -1, "/trace_sha256")},
		{"state", one(0, func(d *events.Digest) { d.State = "AAAA" + d.State[4:] }), at(0, Difference, -1, "/state")},
		{"last sequence", one(1, func(d *events.Digest) { d.LastSeq-- }), at(1, Difference, -1, "/last_seq")},
		{"low water", one(0, func(d *events.Digest) { d.LowWater = 1 << 40 }), at(0, Difference, -1, "/low_water")},
		{"scheme", one(0, func(d *events.Digest) { d.Scheme = "ers-c14n/2" }), func(s *script) []want {
			return []want{{Contradiction, onDigest, s.digestSeqs[1][0], 1, -1, false, "scheme"}, {Gap, onDigest, s.digestSeqs[1][1], 1, 5, false, "from its 2nd tick on, after digests that cover 0"}}
		}},
		{"of another run", one(0, func(d *events.Digest) { d.Run = 2 }), func(s *script) []want {
			return []want{{Contradiction, onDigest, s.digestSeqs[1][0], 1, -1, false, "on the subject"}, {Gap, onDigest, s.digestSeqs[1][1], 1, 5, false, "2nd tick"}}
		}},
		{"left out", func(s *script) {
			s.digests = run1(func(list []*events.Digest) []*events.Digest { return list[1:] })
		}, at(0, Gap, 5, "from its 2nd tick on, after digests that cover 0")},
		{"repeated", func(s *script) {
			s.digests = run1(func(list []*events.Digest) []*events.Digest { return slices.Insert(list, 0, list[0]) })
		}, at(1, Repeat, 5, "from its 1st tick on, after digests that cover 1")},
		{"repeated at the end", func(s *script) {
			s.digests = run1(func(list []*events.Digest) []*events.Digest { return append(list, list[1]) })
		}, func(s *script) []want {
			return []want{{Repeat, onDigest, s.digestSeqs[1][2], 1, -1, false, "behind the last one"}, {Repeat, onDigest, s.digestSeqs[1][2], 1, 6, false, "after digests that cover 4"}}
		}},
		{"problem that is none", one(1, func(d *events.Digest) {
			d.Problem = &events.Problem{Run: 1, Stream: onTrace, Seq: d.Covers[1].FirstSeq, Reason: "not decodable"}
		}), at(1, Difference, -1, "(not decodable), but nothing is wrong with it")},
		{"problem with a digest that is good", one(1, func(d *events.Digest) {
			d.Problem = &events.Problem{Run: 1, Stream: onDigest, Seq: 1, Reason: "two hashers disagree"}
		}), at(1, Difference, -1, "nothing is wrong with it")},
		{"problem of another run", one(1, func(d *events.Digest) {
			d.Problem = &events.Problem{Run: 0, Stream: onTrace, Seq: 1, Reason: "bad"}
		}), at(1, Contradiction, -1, "one of run 0")},
		{"a tick more than the trace has", func(s *script) {
			s.frames = run1(func(f [][]byte) [][]byte { return f[:3*len(f)/4] })
		}, at(1, Gap, 8, "no such tick in the trace up to there")},
	})
}

// A run with very many findings lists some of them.
func TestManyFindings(t *testing.T) {
	s := newScript(t, bustest.Open(t))
	s.digests = run1(func(list []*events.Digest) []*events.Digest {
		for range 100 {
			list = slices.Insert(list, 1, list[0])
		}
		return list
	})
	if r := s.write().audit(); r.New != 100 || len(r.Findings) != maxHeld || r.Outcome != events.Fail {
		t.Errorf("%s", r.AppendText(nil))
	}
}
