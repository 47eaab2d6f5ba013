package audit

import (
	"encoding/base64"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/vary"
)

// A digest that cannot be read, and documents in other spellings.
func TestUnreadableDocuments(t *testing.T) {
	b := bustest.Open(t)
	s := newScript(t, b)
	s.digests = func(run int, list []*events.Digest) []*events.Digest { return nil }
	s.verdict = func(v *events.Verdict) { v.Schema = "" }
	d := func(s *script) []byte { return s.encode(s.newDigest(0)) }
	s.write()
	for _, c := range []struct {
		change  func(text string) string
		message string
	}{
		{func(t string) string { return t[1:] }, "not JSON"},
		{func(t string) string { return t + "{}" }, "follows the end"},
		{func(t string) string { return strings.Replace(t, `"run":0`, `"run": 0`, 1) }, "not canonical"},
		{func(t string) string { return strings.Replace(t, `"run"`, `"Run"`, 1) }, "/Run: found 0 where nothing belongs"},
		{func(t string) string { return strings.Replace(t, `"run":0`, `"run":0,"run":0`, 1) }, "stands twice"},
		{func(t string) string { return strings.Replace(t, `"run":0,`, ``, 1) }, "/run: found nothing where 0 belongs"},
		{func(t string) string { return strings.Replace(t, `"run":0`, `"run":0,"speed":1`, 1) }, "unknown field"},
		{func(t string) string { return strings.Replace(t, `"run":0`, `"run":0.0`, 1) }, "cannot unmarshal"},
		{func(t string) string { return strings.Replace(t, `digest.v2`, `digest.v1`, 1) }, "schema"},
		{func(t string) string { return strings.Replace(t, `"run":0`, "\"run\":\xff", 1) }, "UTF-8"},
		{func(t string) string { return strings.Repeat("[", 2000) + strings.Repeat("]", 2000) }, "nested deeper"},
	} {
		seq := s.append(events.DigestSubject(s.key(0)), []byte(c.change(string(d(s)))))
		r := s.audit()
		if n := len(r.Findings); n == 0 || r.Findings[n-1].Seq != seq || r.Findings[n-1].Kind != Contradiction || !strings.Contains(r.Findings[n-1].Message, c.message) {
			t.Errorf("want %s, got\n%s", c.message, r.AppendText(nil))
		}
	}
}

// Messages of runs and windows that nobody asked for.
func TestStrays(t *testing.T) {
	b := bustest.Open(t)
	s := newScript(t, b)
	s.verdict = func(v *events.Verdict) { v.Schema = "" }
	s.write()
	stray := events.RunKey{Pipeline: pipeline, Window: s.id, Run: 3}
	frames, _ := cutFrames(t, s.window, 3, 5, []events.Tick{testTick(5)})
	beyond := s.append(events.TraceSubject(stray), frames[0])
	d := s.newDigest(0)
	d.Pipeline, d.Hashes = "other", events.NewRunHash().Sum()
	foreign := s.append(events.DigestSubject(events.RunKey{Pipeline: "other", Window: s.id}), s.encode(d))
	check(t, s.audit(), events.Fail,
		want{Contradiction, onTrace, beyond, 3, -1, false, "a message of run 3, but the window has runs 0 to 2"},
		want{Contradiction, onTrace, beyond, 3, 5, false, "a run of 1 ticks from tick 5, but the window asks for 4"},
		want{Contradiction, onDigest, foreign, 0, -1, false, "a message of a window that is none: window 1 is one of pipeline demo"},
		want{Difference, onDigest, foreign, 0, -1, false, "/state is nothing"})

	v := append([]byte(nil), []byte("{}")...)
	unreadable := s.append(events.VerdictSubject(events.Pass, pipeline, s.id), v)
	r := s.audit()
	if len(r.Findings) != 5 || r.Findings[4].Seq != unreadable || r.Findings[4].Stream != onVerdict || r.UnjudgedCount != 0 {
		t.Errorf("%s", r.AppendText(nil))
	}
}

// Requests that no coordinator would run.
func TestBadRequests(t *testing.T) {
	b := bustest.Open(t)
	s := newScript(t, b).write()
	for _, c := range []struct {
		change  func(q *events.WindowRequest)
		message string
	}{
		{func(q *events.WindowRequest) { q.Runs = 1 }, "1 runs, want 2"},
		{func(q *events.WindowRequest) { q.Ticks = -1 }, "-1 ticks"},
		{func(q *events.WindowRequest) { q.FirstTick, q.Ticks = 1, 1<<63-1 }, "ticks from tick 1"},
		{func(q *events.WindowRequest) { q.Latch = &events.Latch{Trace: "x"} }, "latch"},
		{func(q *events.WindowRequest) { q.ContextsSHA256 = strings.Repeat("A", 64) }, "SHA-256"},
		{func(q *events.WindowRequest) { q.Budget.Shadow.Entropy = -1 }, "budget"},
		{func(q *events.WindowRequest) { q.BudgetName = "a.b" }, "budget name"},
		{func(q *events.WindowRequest) { q.Drill = &events.Drill{Tick: 9, Task: "t", Kind: "value"} }, "no tick 9"},
		{func(q *events.WindowRequest) { q.Numbers = []int64{1} }, "1 numbers of runs"},
		{func(q *events.WindowRequest) { q.Numbers = []int64{1, -1, 2} }, "a run has number -1"},
		{func(q *events.WindowRequest) { q.Variations = []vary.Name{"zz"} }, `the variation "zz" is none`},
		{func(q *events.WindowRequest) { q.Variations, q.Fixed = vary.All[:1], vary.All[:1] }, `the variation "tz" is none, stands twice`},
		{func(q *events.WindowRequest) { q.Probe = &events.Probe{Window: 1, Question: "why"} }, "the probe names no window"},
		{func(q *events.WindowRequest) { q.Pipeline = "other" }, "its pipeline's subject is ers.window.starlark.other"},
		{func(q *events.WindowRequest) { q.Pipeline = "a.b" }, "pipeline name"},
	} {
		q := s.req
		c.change(&q)
		id := s.append(events.WindowSubject(events.Starlark, pipeline), s.encode(&q))
		check(t, audit(t, b, id), events.Fail, want{Contradiction, onWindow, id, -1, -1, false, c.message})
	}
}

// What comes after the verdict casts doubt on it.
func TestLateMessages(t *testing.T) {
	b := bustest.Open(t)
	s := newScript(t, b).write()
	frames, _ := cutFrames(t, s.window, 1, 5, []events.Tick{testTick(5), testTick(6), testTick(7), testTick(8)})
	frame := s.append(events.TraceSubject(s.key(1)), frames[0])
	s.append(events.TraceSubject(s.key(1)), frames[1])
	d := s.newDigest(1)
	d.Done, d.Hashes, d.Final = 4, events.NewRunHash().Sum(), true
	d.Problem = &events.Problem{Run: 1, Stream: onTrace, Seq: frame, Reason: "a frame behind the end of its run"}
	s.append(events.DigestSubject(s.key(1)), s.encode(d))
	late := want{Repeat, onTrace, frame, 1, 5, false, "behind the end of its run"}
	r := s.audit()
	check(t, r, events.Fail, late)
	if r.Skipped != 1 || r.Frames != int64(3*len(s.frameSeqs[0])+2) || r.Digests != 7 {
		t.Errorf("%+v", r)
	}
	d.Problem.Seq++
	false1 := s.append(events.DigestSubject(s.key(1)), s.encode(d))
	d.Problem = nil
	repeated := s.append(events.DigestSubject(s.key(1)), s.encode(d))
	d.Problem = &events.Problem{Run: 1, Stream: onDigest, Seq: repeated, Reason: "two hashers disagree"}
	s.append(events.DigestSubject(s.key(1)), s.encode(d))
	check(t, s.audit(), events.Fail, late, want{Difference, onDigest, false1, 1, -1, false, "but nothing is wrong"},
		want{Repeat, onDigest, repeated, 1, -1, false, "after the one that its window's verdict was made from"})
}

func TestObjects(t *testing.T) {
	b := bustest.Open(t)
	s := newScript(t, b)
	s.request = func(r *events.WindowRequest) { r.ContextsSHA256 = canon.Sum([]byte("never put")).String() }
	s.write()
	check(t, s.audit(), events.Fail, want{Gap, onWindow, s.id, -1, -1, false, "the contexts of the window: it is not in the bucket"})

	// An object under a name that is not its hash.
	name := canon.Sum([]byte("this")).String()
	for subject, text := range map[string]string{"C.x": "that", "M." + base64.URLEncoding.EncodeToString([]byte(name)): `{"name":"` + name + `","nuid":"x","size":4,"chunks":1}`} {
		_, err := b.JetStream().Publish(t.Context(), "$O."+events.BucketObjects+"."+subject, []byte(text))
		s.must(err)
	}
	damaged := newScript(t, b)
	damaged.request = func(r *events.WindowRequest) { r.DefinitionSHA256 = name }
	damaged.write()
	check(t, damaged.audit(), events.Fail, want{Contradiction, onWindow, damaged.id, -1, -1, false, "damaged"})

	// An object that a frame names.
	kept := newScript(t, b)
	kept.frames = run1(func(f [][]byte) [][]byte {
		x := events.Extra{Objects: []events.Object{{Task: "ingest", Name: "stdout", SHA256: canon.Sum([]byte("nowhere")).String(), Size: 7}}, Surroundings: `{"host":"a"}`}
		p := events.Position{Request: kept.window.Request, RunKey: kept.key(1), FirstTick: 5, Ticks: 4, Tick: 5, Total: 5}
		var err error
		f[0], err = x.Add(f[0], &p, false)
		kept.must(err)
		return f
	})
	kept.write()
	check(t, kept.audit(), events.Fail, want{Gap, onTrace, kept.frameSeqs[1][0], 1, 5, false, "which the frame names: it is not in the bucket"})

	bad := s.append(events.WindowSubject(events.Starlark, pipeline), []byte("{}"))
	check(t, audit(t, b, bad), events.Fail, want{Contradiction, onWindow, bad, -1, -1, false, "schema"})
}

// A stream that was taken away and begun anew shows as a gap.
func TestHole(t *testing.T) {
	server := bustest.NewServer(t)
	b := bustest.Connect(t, server.URL())
	if r := audit(t, b, 0); r.Outcome != events.Inconclusive || !strings.Contains(r.Reason, "no window was ever requested") {
		t.Errorf("%+v", r)
	}
	js := b.JetStream()
	old, err := js.Stream(t.Context(), onVerdict)
	if err != nil {
		t.Fatal(err)
	}
	c := old.CachedInfo().Config
	c.FirstSeq = 4
	if err := js.DeleteStream(t.Context(), onVerdict); err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	b = bustest.Connect(t, server.URL())
	newScript(t, b).write()
	check(t, audit(t, b, 0), events.Fail, want{Gap, onVerdict, 1, -1, -1, false, "the messages from here to 3 were deleted or lost"})
	check(t, audit(t, b, 1), events.Pass)
}

// Runs without digests count as forgotten once a digest says that their frames were
// read; before that they wait.
func TestUnhashed(t *testing.T) {
	b := bustest.Open(t)
	s := newScript(t, b)
	s.digests = run1(func([]*events.Digest) []*events.Digest { return nil })
	s.verdict = func(v *events.Verdict) { v.Schema = "" }
	s.write()
	r := s.audit()
	check(t, r, events.Inconclusive)
	if len(r.Unjudged) != 1 || r.Unjudged[0].Message != "every run is in the trace, 2 of 3 have their last digest; is a hasher running?" {
		t.Errorf("%+v", r.Unjudged)
	}
	next := newScript(t, b)
	next.digests = func(_ int, list []*events.Digest) []*events.Digest {
		list[1].LowWater = s.frameSeqs[1][1]
		return list
	}
	next.write()
	check(t, audit(t, b, 0), events.Fail, want{Gap, onTrace, s.frameSeqs[1][0], 1, 5, false, "in no digest, although ERS_DIGEST says"})
}

// A window on its way is unjudged, and says what it waits for.
func TestUnjudged(t *testing.T) {
	b := bustest.Open(t)
	for _, c := range []struct {
		frames  func(run int, f [][]byte) [][]byte
		message string
	}{
		{func(int, [][]byte) [][]byte { return nil }, "no run has begun; is a coordinator running?"},
		{func(run int, f [][]byte) [][]byte { return f[:len(f)*(run+1)/4] }, "3 of 3 runs have begun, run 0 has 1 of 4 ticks; is a coordinator running?"},
		{func(run int, f [][]byte) [][]byte {
			if run == 0 {
				return nil
			}
			return f
		}, "2 of 3 runs have begun; is a coordinator running?"},
	} {
		s := newScript(t, b)
		s.frames = c.frames
		s.digests = func(int, []*events.Digest) []*events.Digest { return nil }
		s.verdict = func(v *events.Verdict) { v.Schema = "" }
		s.write()
		r := s.audit()
		check(t, r, events.Inconclusive)
		if len(r.Unjudged) != 1 || r.Unjudged[0] != (Unjudged{pipeline, s.id, c.message}) {
			t.Errorf("want %s, got %+v", c.message, r.Unjudged)
		}
	}
}
