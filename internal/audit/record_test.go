package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/compare"
	"abraxas.dev/ers/pkg/events"
)

// A script writes the record of one window as the services would, with the services'
// own code but without them, so that each message can be forged on its way.
type script struct {
	lost string // SHA-256 of an object that is not put
	t    testing.TB
	bus  *bus.Bus
	id   uint64

	window events.WindowKey
	req    events.WindowRequest

	definition string

	// Hooks change what is written. A message that is nil is left out.
	request func(*events.WindowRequest)
	answer  func(events.WindowKey) events.WindowKey // what the services take the window for
	ticks   func(run int, ticks []events.Tick)
	frames  func(run int, frames [][]byte) [][]byte
	digests func(run int, list []*events.Digest) []*events.Digest
	verdict func(*events.Verdict)

	frameSeqs, digestSeqs [][]uint64 // by run
	verdictSeq            uint64
}

const pipeline = "demo"

func newScript(t testing.TB, b *bus.Bus) *script {
	s := &script{t: t, bus: b, definition: canonicalDefinition, request: func(*events.WindowRequest) {}, ticks: func(int, []events.Tick) {}, verdict: func(*events.Verdict) {}}
	s.answer = func(w events.WindowKey) events.WindowKey { return w }
	s.frames = func(_ int, frames [][]byte) [][]byte { return frames }
	s.digests = func(_ int, list []*events.Digest) []*events.Digest { return list }
	return s
}

func (s *script) key(run int) events.RunKey {
	return events.RunKey{Pipeline: pipeline, Window: s.id, Run: run}
}

// testTick is a tick with a task of every status and a value of every type.
func testTick(number int64) events.Tick {
	t := events.Tick{Tick: number}
	add := func(task string, lane events.Lane, status events.Status, meta, value canon.Value, failure string) {
		cost := int64(2)
		if status == events.SkippedBudget {
			cost = 5
		}
		t.Events = append(t.Events, events.TraceEvent{Tick: number, Task: task, Lane: lane, Status: status, CostOps: cost, CostEntropy: 1, Meta: meta})
		t.Results = append(t.Results, events.TaskResult{Name: task, Lane: lane, Status: status, Value: value, Error: failure})
	}
	add("ingest", events.Forecast, events.OK, `{"tags":["io","\u001f\"\\é\u2028😀"]}`, canon.Value(fmt.Sprintf(`{"rows":%d}`, 100+number)), "")
	add("filter", events.Forecast, events.OK, `{"tags":[]}`, `{"a":[1,1.0,true,null,"x/~y"],"big":-123456789012345678901234567890,"f":[1e-05,0.0001,1e+16,-0.0,NaN,Infinity,-Infinity,2.5],"u":18446744073709551615}`, "")
	add("audit", events.Shadow, events.NotComputable, `{"tags":[]}`, canon.Null, "no reference yet")
	add("report", events.Shadow, events.SkippedBudget, `{"reason":"budget"}`, canon.Null, "")
	add("post", events.Shadow, events.Error, `{"tags":[]}`, canon.Null, "")
	for i, e := range t.Events { // make canonical what is written for people above
		v, err := canon.Parse([]byte(e.Meta))
		if err != nil {
			panic(err)
		}
		t.Events[i].Meta = v
	}
	return t
}

// testDefinition is a definition of which testTick is a tick.
const testDefinition = `{"kind":"starlark","name":"demo","schema":"ers.definition.v2","tasks":[` +
	`{"cost":{"entropy":1,"ops":2},"lane":"shadow","name":"post","priority":2,"starlark":{"file":"f","source":"","steps":1},"tags":[]},` +
	`{"cost":{"entropy":1,"ops":2},"lane":"forecast","name":"filter","priority":1,"starlark":{"file":"f","source":"","steps":1},"tags":[]},` +
	`{"cost":{"entropy":1,"ops":5},"lane":"shadow","name":"report","priority":1,"starlark":{"file":"f","source":"","steps":1},"tags":[]},` +
	`{"cost":{"entropy":1,"ops":2},"lane":"forecast","name":"ingest","priority":0,"starlark":{"file":"f","source":"","steps":1},"tags":["io","\u001f\"\\é\u2028😀"]},` +
	`{"cost":{"entropy":1,"ops":2},"lane":"shadow","name":"audit","priority":0,"starlark":{"file":"f","source":"","steps":1},"tags":[]}]}`

var canonicalDefinition = func() string {
	v, err := canon.Parse([]byte(testDefinition))
	if err != nil {
		panic(err)
	}
	return string(v)
}()

// testBudget lets report be skipped.
var testBudget = events.Budgets{Forecast: events.Budget{Ops: 10, Entropy: 10}, Shadow: events.Budget{Ops: 6, Entropy: 6}}

func (s *script) put(data string) (sha string) {
	s.t.Helper()
	sha, err := s.bus.PutObject(s.t.Context(), []byte(data))
	s.must(err)
	return sha
}

// ask requests the window.
func (s *script) ask() {
	s.t.Helper()
	data := s.encode(&s.req)
	s.id = s.append(events.WindowSubject(s.req.Kind, pipeline), data)
	s.window = s.answer(events.WindowKey{Pipeline: pipeline, Window: s.id, Request: events.RequestSHA256(data)})
}

// write writes the record of a window.
func (s *script) write() *script {
	s.t.Helper()
	s.req = events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: pipeline, DefinitionSHA256: s.put(s.definition), ContextsSHA256: s.put("{}\n"),
		Runs: 3, FirstTick: 5, Ticks: 4, Budget: testBudget}
	s.request(&s.req)
	s.ask()
	last := make([]events.Digest, s.req.Runs)
	memory := compare.Memory{}
	for run := range s.req.Runs {
		ticks := make([]events.Tick, s.req.Ticks)
		for i := range ticks {
			ticks[i] = testTick(s.req.FirstTick + int64(i))
		}
		s.ticks(run, ticks)
		memory[run] = ticks
		s.writeFrames(run, ticks)
		last[run] = s.writeDigests(run, ticks)
	}
	v, err := compare.Judge(s.window, &s.req, last, memory)
	s.must(err)
	for _, seqs := range s.digestSeqs {
		for _, seq := range seqs {
			v.DigestSeq = max(v.DigestSeq, seq)
		}
	}
	s.verdict(&v)
	if v.Schema != "" {
		s.verdictSeq = s.append(events.VerdictSubject(v.Outcome, pipeline, s.id), s.encode(&v))
	}
	return s
}

// cutFrames cuts ticks into frames of at most two events.
func cutFrames(t testing.TB, w events.WindowKey, run int, first int64, ticks []events.Tick) (frames [][]byte, ends []int) {
	var e events.FrameEncoder
	for i := range ticks {
		p := events.Position{Request: w.Request, RunKey: w.Run(run), FirstTick: first, Ticks: int64(len(ticks))}
		err := e.Encode(p, &ticks[i], 900, func(frame []byte, next int) error {
			frames = append(frames, slices.Clone(frame))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, len(frames))
	}
	return frames, ends
}

func (s *script) writeFrames(run int, ticks []events.Tick) {
	frames, _ := cutFrames(s.t, s.window, run, s.req.FirstTick, ticks)
	var seqs []uint64
	for _, frame := range s.frames(run, frames) {
		seqs = append(seqs, s.append(events.TraceSubject(s.key(run)), frame))
	}
	s.frameSeqs = append(s.frameSeqs, seqs)
}

// writeDigests writes two digests, the first of a single tick, and returns the last
// one. They are those of the ticks, whatever became of the frames.
func (s *script) writeDigests(run int, ticks []events.Tick) events.Digest {
	_, ends := cutFrames(s.t, s.window, run, s.req.FirstTick, ticks)
	hash := events.NewRunHash()
	var list []*events.Digest
	d := s.newDigest(run)
	seq := func(i int) uint64 { // frames may have been left out or added
		seqs := s.frameSeqs[run]
		if len(seqs) == 0 {
			return 0
		}
		return seqs[min(i, len(seqs)-1)]
	}
	begin := 0
	for i := range ticks {
		hashes, err := hash.Add(&ticks[i])
		s.must(err)
		d.Covers = append(d.Covers, events.TickDigest{Tick: ticks[i].Tick, Events: len(ticks[i].Events), Hashes: hashes, FirstSeq: seq(begin), LastSeq: seq(ends[i] - 1)})
		begin = ends[i]
		d.Done, d.Events, d.Hashes, d.LastSeq = int64(i+1), hash.Events(), hash.Sum(), seq(ends[i]-1)
		if i == 0 {
			d.State = hash.State()
			list = append(list, d)
			d = s.newDigest(run)
		}
	}
	d.Final = true
	list = append(list, d)
	var seqs []uint64
	var last events.Digest
	for _, d := range s.digests(run, list) {
		seqs = append(seqs, s.append(events.DigestSubject(s.key(run)), s.encode(d)))
		if d.Final {
			last = *d
		}
	}
	s.digestSeqs = append(s.digestSeqs, seqs)
	return last
}

func (s *script) newDigest(run int) *events.Digest {
	return &events.Digest{Schema: events.DigestSchema, Scheme: canon.Scheme, Request: s.window.Request, Pipeline: pipeline, Window: s.id, Run: run,
		FirstTick: s.req.FirstTick, Ticks: s.req.Ticks, Covers: []events.TickDigest{}}
}

// append appends behind whatever is on a subject.
func (s *script) append(subject string, data []byte) uint64 {
	s.t.Helper()
	ack, err := s.bus.JetStream().Publish(s.t.Context(), subject, data)
	s.must(err)
	return ack.Sequence
}

func (s *script) encode(doc any) []byte {
	s.t.Helper()
	data, err := events.Encode(doc)
	s.must(err)
	return data
}

func (s *script) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// audit audits the script's window.
func (s *script) audit() *Report {
	s.t.Helper()
	return audit(s.t, s.bus, s.id)
}

// audit audits twice: the second time with so little room that windows are put aside
// and read again run by run, which must make no difference.
func audit(t testing.TB, b *bus.Bus, window uint64) *Report {
	t.Helper()
	r, err := Run(t.Context(), b, Options{Window: window})
	if err != nil {
		t.Fatal(err)
	}
	a := newAuditor(b, Options{Window: window})
	a.maxWait = 3
	again, err := a.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// How far a forged verdict lets the frames be read is another matter.
	again.Ticks, again.Events, again.Skipped = r.Ticks, r.Events, r.Skipped
	if diff := cmp.Diff(r, again, cmpopts.IgnoreUnexported(Report{})); diff != "" {
		t.Errorf("read run by run the report is another:\n%s", diff)
	}
	if a.waiting != 0 && r.UnjudgedCount == 0 {
		t.Errorf("%d ticks wait at the end", a.waiting)
	}
	return r
}

// want is a finding that a test expects.
type want struct {
	kind    Kind
	stream  string
	seq     uint64
	run     int
	tick    int64
	known   bool
	message string // a part of it
}

func check(t testing.TB, r *Report, outcome events.Outcome, wants ...want) {
	t.Helper()
	ok := r.Outcome == outcome && len(r.Findings) == len(wants) && r.New+r.Known == int64(len(wants))
	for i := range min(len(wants), len(r.Findings)) {
		f, w := r.Findings[i], wants[i]
		ok = ok && f.Kind == w.kind && f.Stream == w.stream && f.Seq == w.seq && f.Run == w.run && f.Tick == w.tick && f.Known == w.known &&
			strings.Contains(f.Message, w.message)
	}
	if !ok {
		t.Errorf("want %s with %+v, got\n%s", outcome, wants, r.AppendText(nil))
	}
}
