package gate_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/service/gate"
)

// A window of three runs of two ticks, whose frames and digests are written by hand.
const (
	runs  = 3
	ticks = 2
)

var nothing = canon.Sum(nil).String()

func tick(number int64, value string) *events.Tick {
	return &events.Tick{Tick: number,
		Events:  []events.TraceEvent{{Tick: number, Task: "a", Meta: `{"tags":[]}`}},
		Results: []events.TaskResult{{Name: "a", Value: canon.Value(value)}}}
}

// say appends a message behind the last on its subject.
func say(t testing.TB, b *bus.Bus, stream, subject string, data []byte) (seq uint64) {
	t.Helper()
	last, err := b.Last(t.Context(), stream, subject)
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		t.Fatal(err)
	}
	if seq, err = b.Append(t.Context(), subject, last.Seq, data); err != nil {
		t.Fatal(err)
	}
	return seq
}

func encode(t testing.TB, doc any) []byte {
	t.Helper()
	data, err := events.Encode(doc)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// ask requests a window.
func ask(t testing.TB, b *bus.Bus) events.WindowKey {
	data := encode(t, &events.WindowRequest{
		Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: "p", DefinitionSHA256: nothing, ContextsSHA256: nothing, Runs: runs, Ticks: ticks})
	return events.WindowKey{Pipeline: "p", Window: say(t, b, events.StreamWindow, "ers.window.starlark.p", data), Request: events.RequestSHA256(data)}
}

// trace appends the frames of a run whose second tick returns value, and returns its
// digests, one for each tick.
func trace(t testing.TB, b *bus.Bus, w events.WindowKey, run int, value string, change ...func(*events.Tick)) []*events.Digest {
	t.Helper()
	key := w.Run(run)
	var digests []*events.Digest
	var encoder events.FrameEncoder
	hash := events.NewRunHash()
	for number := range int64(ticks) {
		data := tick(number, map[int64]string{0: "0", 1: value}[number])
		for _, f := range change {
			f(data)
		}
		var seq uint64
		err := encoder.Encode(events.Position{Request: w.Request, RunKey: key, Ticks: ticks}, data, 1<<20, func(frame []byte, _ int) error {
			seq = say(t, b, events.StreamTrace, events.TraceSubject(key), frame)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		hashes, err := hash.Add(data)
		if err != nil {
			t.Fatal(err)
		}
		d := &events.Digest{Schema: events.DigestSchema, Scheme: canon.Scheme, Request: w.Request, Pipeline: key.Pipeline, Window: key.Window, Run: key.Run, Ticks: ticks,
			Covers: []events.TickDigest{{Tick: number, Events: 1, Hashes: hashes, FirstSeq: seq, LastSeq: seq}},
			Done:   number + 1, Events: number + 1, Hashes: hash.Sum(), Final: number == ticks-1, LastSeq: seq}
		if !d.Final {
			d.State = hash.State()
		}
		digests = append(digests, d)
	}
	return digests
}

func sayDigests(t testing.TB, b *bus.Bus, digests []*events.Digest) (seq uint64) {
	for _, d := range digests {
		seq = say(t, b, events.StreamDigest, events.DigestSubject(d.RunKey()), encode(t, d))
	}
	return seq
}

func start(t testing.TB, b *bus.Bus) (g *gate.Gate, stop func()) {
	g = gate.New(gate.Config{Bus: b, Log: zerolog.New(zerolog.NewTestWriter(t))})
	return g, bustest.Serve(t, g.Run)
}

// verdict waits for the verdict of a window.
func verdict(t testing.TB, b *bus.Bus, window events.WindowKey) (v events.Verdict) {
	t.Helper()
	errFound := errors.New("found")
	err := b.Follow(t.Context(), events.StreamVerdict, events.VerdictGuard("p", window.Window), 1, func(m bus.Message) error {
		if err := events.Decode(m.Data, &v); err != nil {
			return err
		}
		return errFound
	})
	if !errors.Is(err, errFound) {
		t.Fatal(err)
	}
	return v
}

func countVerdicts(t testing.TB, b *bus.Bus) (n int) {
	t.Helper()
	for _, err := range b.Read(t.Context(), events.StreamVerdict, "", 1, 0) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// A gate that is stopped and begun again after each digest, and one beside it, give
// one verdict, the same as a gate that was never stopped.
func TestResumeAnywhere(t *testing.T) {
	b := bustest.Open(t)
	var windows []events.WindowKey
	var digests [][]*events.Digest
	for range 2 { // two windows whose digests come mixed
		window := ask(t, b)
		windows = append(windows, window)
		for run, value := range []string{"1", "2", "1"} {
			digests = append(digests, trace(t, b, window, run, value))
		}
	}
	for i := range ticks {
		for run := range digests {
			sayDigests(t, b, digests[run][i:i+1])
			_, stop := start(t, b)
			if i == ticks-1 && run%runs == runs-1 {
				verdict(t, b, windows[run/runs])
			}
			stop()
		}
	}
	start(t, b)
	for _, window := range windows {
		v := verdict(t, b, window)
		if v.Outcome != events.Fail || len(v.Outliers) != 1 || v.Outliers[0] != 1 || v.Divergence.Tick != 1 || v.Divergence.Pointer != "/value" {
			t.Errorf("window %d: %+v", window.Window, v)
		}
	}
	if n := countVerdicts(t, b); n != 2 {
		t.Errorf("%d verdicts on two windows", n)
	}
}

// Gates beside each other judge every window once.
func TestTwoGates(t *testing.T) {
	b := bustest.Open(t)
	one, _ := start(t, b)
	two, _ := start(t, b)
	var windows []events.WindowKey
	for range 5 {
		window := ask(t, b)
		windows = append(windows, window)
		for run := range runs {
			sayDigests(t, b, trace(t, b, window, run, "1"))
		}
	}
	for _, window := range windows {
		if v := verdict(t, b, window); v.Outcome != events.Pass {
			t.Errorf("%+v", v)
		}
	}
	if n := countVerdicts(t, b); n != len(windows) {
		t.Errorf("%d verdicts on %d windows", n, len(windows))
	}
	if n := one.Stats().Problems.Load() + two.Stats().Problems.Load(); n != 0 {
		t.Errorf("%d problems", n)
	}
}

// Digests that are forged, of no window, or of a run that the window does not have
// change nothing for the others; nothing is judged before every run has its last.
func TestForeignDigests(t *testing.T) {
	b := bustest.Open(t)
	g, _ := start(t, b)
	before := ask(t, b)
	for run := range runs {
		sayDigests(t, b, trace(t, b, before, run, "1"))
	}
	verdict(t, b, before) // the gate has begun: at its start it refuses what is forged like this
	window := ask(t, b)
	of := func(change func(*events.WindowKey)) events.WindowKey {
		other := window
		change(&other)
		return other
	}
	sayDigests(t, b, trace(t, b, of(func(k *events.WindowKey) { k.Window += 9 }), 0, "1"))
	sayDigests(t, b, trace(t, b, of(func(k *events.WindowKey) { k.Pipeline = "q" }), 0, "1"))
	sayDigests(t, b, trace(t, b, window, runs, "1"))
	sayDigests(t, b, trace(t, b, of(func(k *events.WindowKey) { k.Request = nothing }), 0, "1"))
	say(t, b, events.StreamDigest, events.DigestSubject(window.Run(0)), []byte("no digest"))
	foreign := trace(t, b, window, 1, "1")
	say(t, b, events.StreamDigest, events.DigestSubject(window.Run(0)), encode(t, foreign[1])) // on another's subject
	sayDigests(t, b, foreign)
	sayDigests(t, b, trace(t, b, window, 2, "1"))
	if n := countVerdicts(t, b); n != 1 {
		t.Errorf("%d verdicts before the window is complete", n-1)
	}
	sayDigests(t, b, trace(t, b, window, 0, "1"))
	if v := verdict(t, b, window); v.Outcome != events.Pass {
		t.Errorf("%+v", v)
	}
	if n := g.Stats().Problems.Load(); n != 10 { // two digests each of four that are foreign, one that is none, one on another's subject
		t.Errorf("%d problems, want 10", n)
	}
}

// What breaks a run, or is not there any more when it is to be explained, makes the
// window inconclusive and is named.
func TestInconclusive(t *testing.T) {
	problem := events.Problem{Run: 1, Stream: events.StreamTrace, Seq: 4, Reason: "made for this test"}
	for name, change := range map[string]func(digests []*events.Digest){
		"broken":   func(d []*events.Digest) { d[1].Problem = &problem },
		"evidence": func(d []*events.Digest) { d[1].Covers[0].FirstSeq, d[1].Covers[0].LastSeq = 999, 999 },
		"hashes":   func(d []*events.Digest) { d[1].Covers[0].Result = nothing },
		"short": func(d []*events.Digest) {
			d[1].Ticks = 1
			d[1].Covers, d[1].Done, d[1].Final = d[1].Covers[:0], 1, true
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Open(t)
			start(t, b)
			window := ask(t, b)
			for run := range runs {
				value := "1"
				if run == 1 {
					value = "2"
				}
				digests := trace(t, b, window, run, value)
				if run == 1 {
					change(digests)
				}
				sayDigests(t, b, digests)
			}
			v := verdict(t, b, window)
			if v.Outcome != events.Inconclusive || len(v.Problems) == 0 || v.Problems[0].Run != 1 {
				t.Errorf("%+v", v)
			}
		})
	}
}

// A run that is broken after it was sealed, and before its window is judged, counts
// as broken; after the verdict it is an alarm of its own.
func TestBrokenAfterSealed(t *testing.T) {
	b := bustest.Open(t)
	g, _ := start(t, b)
	window := ask(t, b)
	var last []*events.Digest
	for run := range runs {
		last = trace(t, b, window, run, "1")
		if run == 1 {
			sayDigests(t, b, last)
			broken := *last[1]
			broken.Covers, broken.Problem = nil, &events.Problem{Run: 1, Stream: events.StreamTrace, Seq: 9, Reason: "a frame too many"}
			last = []*events.Digest{&broken}
		}
		sayDigests(t, b, last)
	}
	v := verdict(t, b, window)
	if v.Outcome != events.Inconclusive || v.Problems[0].Seq != 9 {
		t.Errorf("%+v", v)
	}
	late := *last[1]
	late.Covers, late.Problem = nil, &events.Problem{Run: 2, Stream: events.StreamTrace, Seq: 10, Reason: "late"}
	sayDigests(t, b, []*events.Digest{&late})
	// The next window is judged behind it, so the late digest has been seen.
	next := ask(t, b)
	for run := range runs {
		sayDigests(t, b, trace(t, b, next, run, "1"))
	}
	if verdict(t, b, next); g.Stats().Problems.Load() != 1 || countVerdicts(t, b) != 2 {
		t.Errorf("%d problems, %d verdicts", g.Stats().Problems.Load(), countVerdicts(t, b))
	}
}

// Frames that no coordinator made can hold more than a verdict can. The windows behind
// them are judged all the same.
func TestVerdictTooLarge(t *testing.T) {
	b := bustest.Open(t)
	start(t, b)
	window := ask(t, b)
	name := strings.Repeat("n", 250_000)
	for run := range runs {
		task := func(d *events.Tick) { d.Events[0].Task, d.Results[0].Name = name, name }
		sayDigests(t, b, trace(t, b, window, run, fmt.Sprint(run), task))
	}
	v := verdict(t, b, window)
	if v.Outcome != events.Inconclusive || !strings.Contains(v.Problems[0].Reason, "too large to be shown") {
		t.Errorf("%s: %v", v.Outcome, v.Problems)
	}
}

// A digest that is not the last of its run judges nothing, however it is spelt.
func TestNotFinalInAnotherSpelling(t *testing.T) {
	b := bustest.Open(t)
	start(t, b)
	window := ask(t, b)
	for run := range runs {
		digests := trace(t, b, window, run, "1")
		spelt := bytes.Replace(encode(t, digests[0]), []byte(`"final":false`), []byte(`"final": false`), 1)
		say(t, b, events.StreamDigest, events.DigestSubject(window.Run(run)), spelt)
		sayDigests(t, b, digests[1:])
	}
	if v := verdict(t, b, window); v.Outcome != events.Pass {
		t.Errorf("%s: %v", v.Outcome, v.Problems)
	}
}

// Digests of a window whose request a repair found to be lost are no new trouble: there
// may be thousands, and the repair said it.
func TestLostWindow(t *testing.T) {
	b := bustest.Open(t)
	void := encode(t, &events.Void{Schema: events.VoidSchema, Reason: "it is lost"})
	lost := events.WindowKey{Pipeline: "p", Window: say(t, b, events.StreamWindow, events.VoidSubject, void), Request: nothing}
	window := ask(t, b)
	for _, w := range []events.WindowKey{lost, window} {
		for run := range runs {
			sayDigests(t, b, trace(t, b, w, run, "1"))
		}
	}
	g, _ := start(t, b)
	if v := verdict(t, b, window); v.Outcome != events.Pass {
		t.Errorf("%s: %v", v.Outcome, v.Problems)
	}
	if n := g.Stats().Problems.Load(); n != 0 || countVerdicts(t, b) != 1 {
		t.Errorf("%d problems, %d verdicts", n, countVerdicts(t, b))
	}
}
