package scenario

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	gate "abraxas.dev/ers/pkg/service/gate/core"
	hasher "abraxas.dev/ers/pkg/service/hasher/core"
)

// The commands of a script:
//
//	request [runs=2] [ticks=2] [latch=HASH]   ask for a window of pipeline p
//	frames run=R [window=W] [ticks=0,1] [value=V] [parts]  append frames; V is what tick 1 returns, parts cuts a tick in two
//	abandon | differ run=R [tick=T]           the run ends without its last tick
//	hash [restart]                            the hasher reads on, or begins again
//	judge [restart]                           the gate reads on, or begins again
//	forge-digest run=R [low-water=N] [request=other] [final] [done=N]  a digest that no hasher made
//	copy-digest from=N run=R                  digest N once more, on the subject of run R
//	raw stream=S subject=X                    append the input as it is
//	truncate stream=S seq=N                   lose all messages behind N
//	restore stream=S                          a stream is gone, and made anew
//	standing                                  would a service begin?
//	void                                      what `ers repair` appends
//	show stream=S                             list a stream
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := newScript()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string { return s.run(t, d) })
	})
}

// script is one run of a script.
type script struct {
	memory
	out      strings.Builder
	window   events.WindowKey // the newest
	requests map[uint64]*events.WindowRequest
	keys     map[uint64]events.WindowKey

	hasher *hasher.Core
	hashed uint64 // last ERS_TRACE sequence that the hasher was given
	gate   *gate.Core
	judged uint64 // last ERS_DIGEST sequence that the gate was given
}

func newScript() *script {
	return &script{memory: memory{}, requests: map[uint64]*events.WindowRequest{}, keys: map[uint64]events.WindowKey{}}
}

func (s *script) run(t *testing.T, d *datadriven.TestData) string {
	s.out.Reset()
	commands := map[string]func(*testing.T, *datadriven.TestData){
		"request": s.request, "frames": s.frames, "abandon": s.end, "differ": s.end, "hash": s.hash, "judge": s.judge,
		"forge-digest": s.forgeDigest, "copy-digest": s.copyDigest, "raw": s.raw, "truncate": s.cut, "restore": s.cut, "standing": s.stand, "void": s.void, "show": s.show,
	}
	do, ok := commands[d.Cmd]
	if !ok {
		d.Fatalf(t, "unknown command %s", d.Cmd)
	}
	do(t, d)
	return s.out.String()
}

func (s *script) say(format string, args ...any) { fmt.Fprintf(&s.out, format+"\n", args...) }

func (s *script) complain(p events.Problem) {
	s.say("problem: %s %d: %s", p.Stream, p.Seq, s.short(p.Reason))
}

// short replaces what is long and means nothing to a reader.
func (s *script) short(text string) string {
	for window, key := range s.keys {
		text = strings.ReplaceAll(text, key.Request, fmt.Sprintf("REQUEST-%d", window))
		text = strings.ReplaceAll(text, key.Request[:12], fmt.Sprintf("REQUEST-%d", window))
	}
	return text
}

func number[T int | int64 | uint64](t *testing.T, d *datadriven.TestData, key string, otherwise T) T {
	n := int64(otherwise)
	d.MaybeScanArgs(t, key, &n)
	return T(n)
}

func encode(doc any) []byte {
	data, err := events.Encode(doc)
	if err != nil {
		panic(err)
	}
	return data
}

var nothing = canon.Sum(nil).String()

func (s *script) request(t *testing.T, d *datadriven.TestData) {
	r := &events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: "p", DefinitionSHA256: nothing, ContextsSHA256: nothing,
		Runs: number(t, d, "runs", 2), Ticks: number(t, d, "ticks", int64(2))}
	if d.HasArg("latch") {
		r.Latch = &events.Latch{Trace: nothing}
	}
	standing := s.standing()
	r.After = events.After{Trace: standing.Trace, Digest: standing.Digest}
	if m := standing.LastVerdict; m.Seq > 0 {
		r.After.Verdict, r.After.VerdictSHA256 = m.Seq, canon.Sum(m.Data).String()
	}
	data := encode(r)
	window := s.put(events.StreamWindow, events.WindowSubject(r.Kind, r.Pipeline), data)
	s.window = events.WindowKey{Pipeline: "p", Window: window, Request: events.RequestSHA256(data)}
	s.requests[window], s.keys[window] = r, s.window
	s.say("window %d", window)
}

// of is the window that a command is about.
func (s *script) of(t *testing.T, d *datadriven.TestData) (events.WindowKey, *events.WindowRequest) {
	window := number(t, d, "window", s.window.Window)
	return s.keys[window], s.requests[window]
}

func tick(number int64, value string) *events.Tick {
	t := &events.Tick{Tick: number}
	for i, name := range []string{"a", "b"} {
		t.Events = append(t.Events, events.TraceEvent{Tick: number, Task: name, Lane: events.Lane(i), CostOps: 1, Meta: `{"tags":[]}`})
		t.Results = append(t.Results, events.TaskResult{Name: name, Lane: events.Lane(i), CostOps: 1, Value: canon.Value(value)})
	}
	return t
}

func (s *script) frames(t *testing.T, d *datadriven.TestData) {
	key, r := s.of(t, d)
	value, list := "0", ""
	d.MaybeScanArgs(t, "value", &value)
	d.MaybeScanArgs(t, "ticks", &list)
	for number := range r.Ticks {
		if list != "" && !strings.Contains(","+list+",", fmt.Sprintf(",%d,", number)) {
			continue
		}
		v := "0"
		if number == 1 {
			v = value
		}
		s.tickFrames(t, d, key, r, tick(number, v))
	}
}

func (s *script) tickFrames(t *testing.T, d *datadriven.TestData, key events.WindowKey, r *events.WindowRequest, tick *events.Tick) {
	run := key.Run(number(t, d, "run", 0))
	most := 1 << 20
	if d.HasArg("parts") {
		most = 1
	}
	var e events.FrameEncoder
	var seqs []string
	err := e.Encode(events.Position{Request: key.Request, RunKey: run, FirstTick: r.FirstTick, Ticks: r.Ticks}, tick, most, func(frame []byte, _ int) error {
		if d.HasArg("half") && len(seqs) == 1 {
			return nil
		}
		seqs = append(seqs, fmt.Sprint(s.put(events.StreamTrace, events.TraceSubject(run), frame)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.say("%s tick %d at %s", run, tick.Tick, strings.Join(seqs, " "))
}

// end appends the frame with which a run ends.
func (s *script) end(t *testing.T, d *datadriven.TestData) {
	key, r := s.of(t, d)
	run := key.Run(number(t, d, "run", 0))
	p := events.Position{Request: key.Request, RunKey: run, FirstTick: r.FirstTick, Ticks: r.Ticks, Tick: number(t, d, "tick", int64(1))}
	frame, err := events.AppendAbandoned(nil, p, "made for this script")
	if d.Cmd == "differ" {
		frame, err = events.AppendDifference(nil, p, &events.Difference{Kind: events.KindRestart, Tick: p.Tick, Task: "a", Pointer: "/value", Expected: "1", Found: "2"})
	}
	if err != nil {
		t.Fatal(err)
	}
	s.say("%s ends at %d", run, s.put(events.StreamTrace, events.TraceSubject(run), frame))
}

func (s *script) hash(t *testing.T, d *datadriven.TestData) {
	if s.hasher == nil || d.HasArg("restart") {
		s.hasher = hasher.New(s.memory, s.complain)
		from, err := s.hasher.Resume()
		if err != nil {
			t.Fatal(err)
		}
		s.say("from %d", from)
		s.hashed = from - 1
	}
	for {
		found, _ := s.Get(events.StreamTrace, s.hashed+1)
		if found[0].Seq == 0 {
			break
		}
		if err := s.hasher.Frame(found[0]); err != nil {
			t.Fatal(err)
		}
		s.hashed++
	}
	for {
		digests, err := s.hasher.Flush()
		if err != nil {
			t.Fatal(err)
		}
		if len(digests) == 0 {
			break
		}
		for _, digest := range digests {
			seq, err := s.append(events.StreamDigest, digest.Subject, digest.Subject, digest.Last, digest.Data)
			if err == nil {
				s.hasher.Appended(digest, seq)
				s.showMessage(s.memory[events.StreamDigest][seq-1])
			} else if err := s.hasher.Conflict(digest); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.hasher.Flushed()
}

func (s *script) judge(t *testing.T, d *datadriven.TestData) {
	if s.gate == nil || d.HasArg("restart") {
		s.gate = gate.New(s.memory, 1<<20)
		from, err := s.gate.Resume()
		if err != nil {
			t.Fatal(err)
		}
		s.say("from %d", from)
		s.judged = from - 1
	}
	for {
		found, _ := s.Get(events.StreamDigest, s.judged+1)
		if found[0].Seq == 0 {
			return
		}
		v, err := s.gate.Digest(found[0])
		s.judged++
		switch {
		case errors.Is(err, gate.ErrDigest):
			s.say("%s", s.short(err.Error()))
		case err != nil:
			t.Fatal(err)
		case v != nil:
			seq, err := s.append(events.StreamVerdict, v.Subject, v.Guard, 0, v.Data)
			if err != nil {
				t.Fatal(err)
			}
			s.showMessage(s.memory[events.StreamVerdict][seq-1])
		}
	}
}

// forgeDigest appends a digest of a run that says that all is well.
func (s *script) forgeDigest(t *testing.T, d *datadriven.TestData) {
	key, r := s.of(t, d)
	run := key.Run(number(t, d, "run", 0))
	sums := events.Hashes{Trace: nothing, Result: nothing, Forecast: nothing, ForecastResult: nothing}
	digest := &events.Digest{Schema: events.DigestSchema, Scheme: canon.Scheme, Request: key.Request, Pipeline: run.Pipeline, Window: run.Window, Run: run.Run,
		FirstTick: r.FirstTick, Ticks: r.Ticks, Covers: []events.TickDigest{}, Hashes: sums, LowWater: number(t, d, "low-water", uint64(0)), Events: 4}
	if d.HasArg("request") {
		digest.Request = nothing
	}
	if digest.Done = number(t, d, "done", int64(0)); digest.Done > 0 {
		digest.LastSeq = 2
		for i := range digest.Done {
			digest.Covers = append(digest.Covers, events.TickDigest{Tick: i, Events: 2, Hashes: sums, FirstSeq: uint64(i + 1), LastSeq: uint64(i + 1)})
		}
	}
	if d.HasArg("final") {
		digest.Final, digest.Done = true, r.Ticks
	} else {
		digest.State = events.NewRunHash().State()
	}
	s.say("digest %d", s.put(events.StreamDigest, events.DigestSubject(run), encode(digest)))
}

func (s *script) copyDigest(t *testing.T, d *datadriven.TestData) {
	key, _ := s.of(t, d)
	from := s.memory[events.StreamDigest][number(t, d, "from", uint64(1))-1]
	digest, err := events.ReadDigest(from)
	if err != nil {
		t.Fatal(err)
	}
	digest.Run, digest.Window, digest.Request = number(t, d, "run", 0), key.Window, key.Request
	s.say("digest %d", s.put(events.StreamDigest, events.DigestSubject(digest.RunKey()), encode(digest)))
}

func (s *script) raw(t *testing.T, d *datadriven.TestData) {
	var stream, subject string
	d.ScanArgs(t, "stream", &stream)
	d.ScanArgs(t, "subject", &subject)
	s.say("%s %d", stream, s.put(stream, subject, []byte(d.Input)))
}

func (s *script) cut(t *testing.T, d *datadriven.TestData) {
	var stream string
	d.ScanArgs(t, "stream", &stream)
	s.truncate(stream, number(t, d, "seq", uint64(0)))
	s.say("%s ends at %d", stream, len(s.memory[stream]))
}

func (s *script) stand(*testing.T, *datadriven.TestData) {
	if err := s.standing().Check(); err != nil {
		s.say("%v", err)
		return
	}
	s.say("services begin")
}

func (s *script) void(t *testing.T, d *datadriven.TestData) {
	standing := s.standing()
	for range number(t, d, "n", 1) {
		seq := s.put(events.StreamWindow, events.VoidSubject, encode(&events.Void{Schema: events.VoidSchema, Ends: standing.Ends, Reason: "made for this script"}))
		s.say("void %d", seq)
	}
}

func (s *script) show(t *testing.T, d *datadriven.TestData) {
	var stream string
	d.ScanArgs(t, "stream", &stream)
	for _, m := range s.memory[stream] {
		s.showMessage(m)
	}
}

// showMessage says what a digest or a verdict says.
func (s *script) showMessage(m events.Message) {
	if d, err := events.ReadDigest(m); err == nil {
		state := "open"
		switch {
		case d.Problem != nil:
			state = fmt.Sprintf("problem: %s %d: %s", d.Problem.Stream, d.Problem.Seq, s.short(d.Problem.Reason))
		case d.Difference != nil:
			state = fmt.Sprintf("difference: %s of %s at tick %d", d.Difference.Kind, d.Difference.Task, d.Difference.Tick)
		case d.Final:
			state = "sealed"
		}
		s.say("digest %d of %s: %d of %d ticks, up to %d, low water %d%s, %s", m.Seq, d.RunKey(), d.Done, d.Ticks, d.LastSeq, d.LowWater, openTicks(d), state)
		return
	}
	if v, err := events.ReadVerdict(m); err == nil {
		s.say("verdict %d on window %d: %s, digest %d", m.Seq, v.Window, v.Outcome, v.DigestSeq)
		if d := v.Divergence; d != nil {
			s.say("  runs %v: %s at tick %d, %s %s", d.Runs, d.Kind, d.Tick, d.Task, d.Pointer)
		}
		for _, p := range v.Problems {
			s.say("  run %d: %s %d: %s", p.Run, p.Stream, p.Seq, s.short(p.Reason))
		}
		return
	}
	s.say("%s %d on %s, %d bytes", m.Stream, m.Seq, m.Subject, len(m.Data))
}

func openTicks(d *events.Digest) (text string) {
	for _, o := range d.Open {
		text += fmt.Sprintf(", open %s.%d.%d from %d", o.Pipeline, o.Window, o.Run, o.FirstSeq)
	}
	return text
}
