package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// TestBadData puts a bad message of every kind onto the subject of a run each: of the runs that
// no bad message is about the digests are sealed, of each other one the verdict names the
// message and says what is wrong with it. All services live, and the next window passes.
func TestBadData(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	all := s.startAll()
	model := events.RunKey{Pipeline: small.name, Window: s.submit(small), Run: 5}
	s.checkWindow(small, model.Window)
	for _, p := range all {
		p.stop()
	}

	many := &pipelineFixture{name: small.name, yaml: chain(len(badFrames)+len(badDigests)+4, 5, 10)}
	window := s.submit(many)
	_, identity, err := client.Get(s.ctx, s.bus, window)
	if err != nil {
		t.Fatal(err)
	}
	key := func(run int) events.RunKey { return events.RunKey{Pipeline: many.name, Window: window, Run: run} }
	want := make([]events.Problem, len(badFrames)+len(badDigests))
	for run, bad := range badFrames {
		good := readMap(t, s.read(events.StreamTrace, events.TraceSubject(model))[0].Data).
			with("request", identity.Request).with("window", window).with("run", run)
		message := bad.make(good, readArray(t, good.raw("events")), readArray(t, good.raw("results")))
		want[run] = events.Problem{Run: run, Stream: events.StreamTrace, Seq: s.publish(events.TraceSubject(key(run)), message)}
	}
	s.start("ers-coordinator")
	for run := len(badFrames); run < len(want)+4; run++ {
		s.awaitMessage(events.StreamTrace, events.TraceSubject(key(run)), func(m bus.Message) bool { return ended(decodeFrame(t, m)) })
	}
	digests := s.read(events.StreamDigest, events.DigestSubject(model))
	for i, bad := range badDigests {
		run := len(badFrames) + i
		good := s.movedDigest(digests, identity.Request, key(run))
		message := strings.ReplaceAll(bad.make(good), "RUN", strconv.Itoa(run))
		want[run] = events.Problem{Run: run, Stream: events.StreamDigest, Seq: s.publish(events.DigestSubject(key(run)), []byte(message))}
	}
	alone := make([]events.Problem, len(untrue))
	windows := make([]uint64, len(untrue))
	for i := range untrue {
		windows[i] = s.submit(small)
	}
	for i, bad := range untrue {
		_, other, err := client.Get(s.ctx, s.bus, windows[i])
		if err != nil {
			t.Fatal(err)
		}
		run := other.Run(3)
		s.awaitMessage(events.StreamTrace, events.TraceSubject(run), func(m bus.Message) bool { return ended(decodeFrame(t, m)) })
		message := bad.make(s.movedDigest(digests, other.Request, run))
		alone[i] = events.Problem{Run: run.Run, Stream: events.StreamDigest, Seq: s.publish(events.DigestSubject(run), []byte(message))}
	}
	s.start("ers-hasher")
	s.start("ers-gate")

	for i, bad := range untrue {
		v := s.verdict(small, windows[i])
		if v.Outcome != events.Inconclusive || len(v.Problems) != 1 {
			t.Errorf("%s: %s with problems %+v", bad.name, v.Outcome, v.Problems)
			continue
		}
		// Where two digests contradict each other it is not known which one is wrong.
		p := v.Problems[0]
		if p.Run != alone[i].Run || p.Stream != alone[i].Stream || p.Seq != alone[i].Seq && p.Seq != 0 || !strings.Contains(p.Reason, bad.reason) {
			t.Errorf("%s: the verdict says %+v, want %+v: %q", bad.name, p, alone[i], bad.reason)
		}
	}
	v := s.verdict(many, window)
	if v.Outcome != events.Inconclusive || len(v.Groups) != 1 || len(v.Groups[0].Runs) != 4 {
		t.Errorf("%s with groups %+v", v.Outcome, v.Groups)
	}
	found := make(map[int]events.Problem)
	for _, p := range v.Problems {
		found[p.Run] = p
	}
	for run := range want {
		name, reason := "", ""
		if run < len(badFrames) {
			name, reason = "frame: "+badFrames[run].name, badFrames[run].reason
		} else {
			name, reason = "digest: "+badDigests[run-len(badFrames)].name, badDigests[run-len(badFrames)].reason
		}
		p := found[run]
		t.Logf("%s: %s", name, p.Reason)
		if p.Stream != want[run].Stream || p.Seq != want[run].Seq || p.Reason == "" || !strings.Contains(p.Reason, reason) {
			t.Errorf("%s: the verdict says %+v, want %s sequence %d: %q", name, p, want[run].Stream, want[run].Seq, reason)
		}
	}
	if v := s.verdict(small, s.submit(small)); v.Outcome != events.Pass {
		t.Errorf("the next window: %s", v.Outcome)
	}
	s.readAll(window)
}

// movedDigest makes one digest, that seals its run, out of those of an equal run of another
// window.
func (s *system) movedDigest(digests []bus.Message, request string, key events.RunKey) string {
	s.t.Helper()
	var d events.Digest
	var covers []events.TickDigest
	for _, m := range digests {
		d = *decodeDigest(s.t, m)
		covers = append(covers, d.Covers...)
	}
	d.Covers = covers
	frames := s.read(events.StreamTrace, events.TraceSubject(key))
	d.Request, d.Window, d.Run, d.LastSeq = request, key.Window, key.Run, frames[len(frames)-1].Seq
	for i := range d.Covers {
		d.Covers[i].FirstSeq, d.Covers[i].LastSeq = frames[i].Seq, frames[i].Seq
	}
	document, err := events.Encode(d)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(document)
}

// readAll reads a window full of bad data with everything that reads: none dies of it.
func (s *system) readAll(window uint64) {
	s.t.Helper()
	for _, args := range [][]string{{"show"}, {"audit"}, {"replay"}, {"export", "--format", "jsonl"}, {"export", "--format", "html"}, {"export", "--format", "csv"}} {
		cmd := command("ers", append(args, "--nats", s.url, "--window", fmt.Sprint(window))...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		err := cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code > 2 || strings.Contains(stderr.String(), "goroutine") {
			s.t.Errorf("ers %v: %v\n%.2000s", args, err, stderr.String())
		}
	}
}
