package e2e

import (
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// A lie is a message on the bus that no service of ours would have sent there, put
// behind the last message on a subject of a run.
type lie struct {
	name   string
	stream string
	when   func(*events.FrameDecoder) bool // the run has this frame; nil: before a coordinator has its window
	tell   func(t *testing.T, last bus.Message) []byte
}

func begun(*events.FrameDecoder) bool { return true }

func ended(d *events.FrameDecoder) bool { return d.Tick == d.FirstTick+d.Ticks-1 }

// lies are each told about the run of their index.
var lies = []lie{
	{"first of all nothing like a frame", events.StreamTrace, nil, says("\x8bno frame")},
	{"nothing like a frame", events.StreamTrace, begun, says("\x8bno frame")},
	{"nothing", events.StreamTrace, begun, says("")},
	{"JSON", events.StreamTrace, begun, says(`{"events":[]}`)},
	{"a frame again", events.StreamTrace, begun, reframed(func(*events.Position) {})},
	{"a frame cut off", events.StreamTrace, begun, func(_ *testing.T, last bus.Message) []byte { return last.Data[:len(last.Data)-1] }},
	{"another version", events.StreamTrace, begun, func(_ *testing.T, last bus.Message) []byte {
		return []byte(strings.Replace(string(last.Data), "\xa1v\x02", "\xa1v\x03", 1))
	}},
	{"a longer run", events.StreamTrace, begun, reframed(func(p *events.Position) { p.Ticks++ })},
	{"a frame of another run", events.StreamTrace, begun, reframed(func(p *events.Position) { p.Run++ })},
	{"the run is given up", events.StreamTrace, begun, func(t *testing.T, last bus.Message) []byte {
		frame, err := events.AppendAbandoned(nil, decodeFrame(t, last).Position, "a liar says so")
		if err != nil {
			t.Fatal(err)
		}
		return frame
	}},
	{"nothing like a digest", events.StreamDigest, begun, says("no digest")},
	{"other hashes of the next tick", events.StreamDigest, begun, hashed(1, 1, false)},
	{"a digest that leaves out a tick", events.StreamDigest, begun, hashed(2, 1, false)},
	{"other hashes of all ticks to come", events.StreamDigest, begun, hashed(0, 0, true)},
}

func says(text string) func(*testing.T, bus.Message) []byte {
	return func(*testing.T, bus.Message) []byte { return []byte(text) }
}

// reframed says the last tick again, at another position.
func reframed(change func(*events.Position)) func(*testing.T, bus.Message) []byte {
	return func(t *testing.T, last bus.Message) []byte {
		d := decodeFrame(t, last)
		var tick events.Tick
		d.AppendTo(&tick)
		p := d.Position
		change(&p)
		return encodeFrame(t, p, &tick)
	}
}

func encodeFrame(t *testing.T, p events.Position, tick *events.Tick) (frame []byte) {
	t.Helper()
	var encoder events.FrameEncoder
	err := encoder.Encode(p, tick, 1<<20, func(f []byte, _ int) error {
		frame = slices.Clone(f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

// hashed is the digest of a hasher that finds other hashes: ticks are done since the
// last digest, of which it covers some; all of both where sealed is set.
func hashed(ticks, covers int, sealed bool) func(*testing.T, bus.Message) []byte {
	return func(t *testing.T, last bus.Message) []byte {
		d := decodeDigest(t, last)
		if d.Final {
			t.Fatal("the run has been hashed: it is too short for this machine")
		}
		if sealed {
			ticks = int(d.Ticks - d.Done)
			covers, d.Final, d.State = ticks, true, ""
		}
		d.Done += int64(ticks)
		d.Covers = nil
		for i := range covers {
			d.Covers = append(d.Covers, events.TickDigest{Tick: d.FirstTick + d.Done - int64(covers-i), Events: 4, Hashes: noHashes, FirstSeq: 1, LastSeq: 1})
		}
		d.Hashes = noHashes
		document, err := events.Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		return document
	}
}

var noHashes = func() events.Hashes {
	none := strings.Repeat("0", 64)
	return events.Hashes{Trace: none, Result: none, Forecast: none, ForecastResult: none}
}()

// tell tells a lie about a run and returns what the verdict must say of it but for the
// reason.
func (s *system) tell(l lie, key events.RunKey) events.Problem {
	s.t.Helper()
	p := events.Problem{Run: key.Run, Stream: l.stream}
	subject := events.TraceSubject(key)
	if l.when == nil {
		p.Seq = s.publish(subject, l.tell(s.t, bus.Message{}))
		return p
	}
	s.awaitMessage(events.StreamTrace, subject, func(m bus.Message) bool { return l.when(decodeFrame(s.t, m)) })
	if l.stream == events.StreamDigest {
		subject = events.DigestSubject(key)
		s.awaitMessage(l.stream, subject, func(bus.Message) bool { return true })
	}
	p.Seq = s.publishNext(l.stream, subject, func(last bus.Message) []byte { return l.tell(s.t, last) })
	return p
}

// checkLies waits for the verdict on the first window, which must be inconclusive and
// name each lie. What is not lied about is not touched: the other runs, the next
// window.
func (s *system) checkLies(p *pipelineFixture, want []events.Problem) {
	s.t.Helper()
	v := s.verdict(p, 1)
	if v.Outcome != events.Inconclusive || len(v.Groups) != 1 || len(v.Groups[0].Runs) != v.Runs-len(want) || len(v.Problems) != len(want) {
		s.t.Fatalf("%s with groups %+v and problems %+v", v.Outcome, v.Groups, v.Problems)
	}
	for i, p := range v.Problems {
		s.t.Logf("run %d: %s", p.Run, p.Reason)
		if (events.Problem{Run: p.Run, Stream: p.Stream, Seq: p.Seq}) != want[i] || p.Reason == "" {
			s.t.Errorf("the verdict says %+v, want %+v", p, want[i])
		}
	}
	if v := s.verdict(small, s.submit(small)); v.Outcome != events.Pass {
		s.t.Errorf("the next window: %s", v.Outcome)
	}
}

// No lie makes a window pass.
func TestLies(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	want := make([]events.Problem, len(lies))
	tell := func(early bool) {
		// Backward: the digest that seals its run must be disputed before the other runs
		// are done.
		for run, l := range slices.Backward(lies) {
			if early == (l.when == nil) {
				want[run] = s.tell(l, events.RunKey{Pipeline: long.name, Window: 1, Run: run})
			}
		}
	}
	s.submit(long)
	tell(true)
	s.startAll()
	tell(false)
	s.checkLies(long, want)
}

// Nor does a frame behind the end of its run, while the window has other runs to go.
func TestFrameBehindEnd(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.startAll()
	key := events.RunKey{Pipeline: busy.name, Window: s.submit(busy), Run: 5}
	lie := lie{"a frame behind the end", events.StreamTrace, ended, reframed(func(*events.Position) {})}
	s.checkLies(busy, []events.Problem{s.tell(lie, key)})
}

// A tick that someone else puts into a run, at the right place and well formed, is
// found as what it is: a difference.
func TestForgedTick(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.startAll()
	key := events.RunKey{Pipeline: busy.name, Window: s.submit(busy), Run: 20}
	s.awaitMessage(events.StreamTrace, events.TraceSubject(key), func(bus.Message) bool { return true })
	var forged int64
	s.publishNext(events.StreamTrace, events.TraceSubject(key), func(last bus.Message) []byte {
		d := decodeFrame(t, last)
		var tick events.Tick
		d.AppendTo(&tick)
		p := d.Position
		p.Tick++
		tick.Tick, forged = p.Tick, p.Tick
		for i := range tick.Events {
			tick.Events[i].Tick = p.Tick
		}
		tick.Results[0].Value = "0"
		return encodeFrame(t, p, &tick)
	})
	v := s.verdict(busy, key.Window)
	if v.Outcome != events.Fail || !slices.Equal(v.Outliers, []int{key.Run}) || v.Divergence.Tick != forged || v.Divergence.Kind != events.KindValue {
		t.Errorf("%s, outliers %v, divergence %+v", v.Outcome, v.Outliers, v.Divergence)
	}
}

// A run that a liar has sealed before any hasher saw it is not hashed again, but its
// frames are read before the window fails because of it, and contradict the digest.
func TestSealedByLiar(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.start("ers-coordinator")
	key := events.RunKey{Pipeline: small.name, Window: s.submit(small), Run: 5}
	frames := s.read(events.StreamTrace, events.TraceSubject(key))
	s.awaitMessage(events.StreamTrace, events.TraceSubject(key), func(m bus.Message) bool {
		frames = append(frames, m)
		return ended(decodeFrame(t, m))
	})
	d := events.Digest{Schema: events.DigestSchema, Scheme: "ers-c14n/1", Request: decodeFrame(t, frames[0]).Request, Pipeline: key.Pipeline, Window: key.Window, Run: key.Run,
		FirstTick: decodeFrame(t, frames[0]).FirstTick, Ticks: 5, Done: 5, Events: 20, Hashes: noHashes, Final: true, LastSeq: frames[len(frames)-1].Seq}
	for i, m := range frames {
		d.Covers = append(d.Covers, events.TickDigest{Tick: d.FirstTick + int64(i), Events: 4, Hashes: noHashes, FirstSeq: m.Seq, LastSeq: m.Seq})
	}
	document, err := events.Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	s.publish(events.DigestSubject(key), document)
	s.start("ers-hasher")
	s.start("ers-gate")
	v := s.verdict(small, key.Window)
	if v.Outcome != events.Inconclusive || len(v.Problems) != 1 || v.Problems[0].Run != key.Run || v.Problems[0].Seq != frames[0].Seq {
		t.Errorf("%s, problems %+v", v.Outcome, v.Problems)
	}
}

// What comes after a verdict does not change it, but is noticed.
func TestLateFrame(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	all := s.startAll()
	window := s.submit(small)
	s.checkWindow(small, window)
	key := events.RunKey{Pipeline: small.name, Window: window, Run: 5}
	s.publishNext(events.StreamTrace, events.TraceSubject(key), func(last bus.Message) []byte { return last.Data })
	all["ers-hasher"].awaitLog("a frame behind the end of its run")
	all["ers-gate"].awaitLog("a digest after its window's verdict")
	if n := len(s.read(events.StreamVerdict, "")); n != 1 {
		t.Errorf("%d verdicts", n)
	}
}
