package feed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/aalviz"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/service/feed"
	"abraxas.dev/ers/pkg/service/gate"
)

var nothing = canon.Sum(nil).String()

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

// shape is what a window is made of: the runs return these values in their last tick.
type shape struct {
	values    []string
	ticks     int64
	tasks     int // events of each tick
	maxFrame  int // bytes
	meta      canon.Value
	firstTick int64
}

// make writes request, frames and last digests of a window by hand, and has a gate
// judge it.
func (s shape) make(t testing.TB, b *bus.Bus) *events.Verdict {
	t.Helper()
	request := &events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: "p", DefinitionSHA256: nothing, ContextsSHA256: nothing,
		Runs: len(s.values), FirstTick: s.firstTick, Ticks: s.ticks}
	data := encode(t, request)
	window := say(t, b, events.StreamWindow, "ers.window.starlark.p", data)
	key := events.WindowKey{Pipeline: "p", Window: window, Request: events.RequestSHA256(data)}
	for run, value := range s.values {
		s.run(t, b, key, run, value)
	}
	return judge(t, b, window)
}

func (s shape) run(t testing.TB, b *bus.Bus, w events.WindowKey, run int, value string) {
	t.Helper()
	key := w.Run(run)
	var encoder events.FrameEncoder
	var items []bus.Item
	var covers []events.TickDigest
	hash := events.NewRunHash()
	for number := s.firstTick; number < s.firstTick+s.ticks; number++ {
		tick := &events.Tick{Tick: number}
		for i := range s.tasks {
			name, v := fmt.Sprintf("task %d", i), canon.Value("0")
			if number == s.firstTick+s.ticks-1 {
				v = canon.Value(value)
			}
			tick.Events = append(tick.Events, events.TraceEvent{Tick: number, Task: name, CostOps: 2, Meta: s.meta})
			tick.Results = append(tick.Results, events.TaskResult{Name: name, Value: v, CostOps: 2})
		}
		first := len(items)
		err := encoder.Encode(events.Position{Request: w.Request, RunKey: key, FirstTick: s.firstTick, Ticks: s.ticks}, tick, s.maxFrame, func(frame []byte, _ int) error {
			items = append(items, bus.Item{Subject: events.TraceSubject(key), Data: bytes.Clone(frame)})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		hashes, err := hash.Add(tick)
		if err != nil {
			t.Fatal(err)
		}
		covers = append(covers, events.TickDigest{Tick: number, Events: s.tasks, Hashes: hashes, FirstSeq: uint64(first), LastSeq: uint64(len(items) - 1)})
	}
	b.AppendAll(t.Context(), items)
	for i := range covers { // from indices to sequences
		covers[i].FirstSeq, covers[i].LastSeq = items[covers[i].FirstSeq].Seq, items[covers[i].LastSeq].Seq
	}
	last := items[len(items)-1]
	if last.Err != nil {
		t.Fatal(last.Err)
	}
	say(t, b, events.StreamDigest, events.DigestSubject(key), encode(t, &events.Digest{Schema: events.DigestSchema, Scheme: canon.Scheme,
		Request: w.Request, Pipeline: key.Pipeline, Window: key.Window, Run: key.Run, FirstTick: s.firstTick, Ticks: s.ticks, Covers: covers,
		Done: s.ticks, Events: hash.Events(), Hashes: hash.Sum(), Final: true, LastSeq: last.Seq}))
}

// judge runs a gate until it has judged the window.
func judge(t testing.TB, b *bus.Bus, window uint64) *events.Verdict {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- gate.New(gate.Config{Bus: b, Log: zerolog.Nop()}).Run(ctx) }()
	v := new(events.Verdict)
	follow(t, b, events.StreamVerdict, events.VerdictGuard("p", window), func(m bus.Message) bool {
		if err := events.Decode(m.Data, v); err != nil {
			t.Fatal(err)
		}
		return true
	})
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return v
}

// follow reads a stream as it grows until enough.
func follow(t testing.TB, b *bus.Bus, stream, filter string, enough func(bus.Message) bool) {
	t.Helper()
	stop := errors.New("enough")
	err := b.Follow(t.Context(), stream, filter, 1, func(m bus.Message) error {
		if enough(m) {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
}

// start runs a feed until stop.
func start(t testing.TB, b *bus.Bus) (f *feed.Feed, stop func()) {
	f = feed.New(feed.Config{Bus: b, Log: zerolog.Nop()})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("feed: %v", err)
		}
	})
	t.Cleanup(stop)
	return f, stop
}

func awaitShown(t testing.TB, b *bus.Bus, window uint64) {
	t.Helper()
	follow(t, b, events.StreamViz, events.StabilitySubject("p", window), func(bus.Message) bool { return true })
}

func read(t testing.TB, b *bus.Bus, stream, filter string) (list []bus.Message) {
	t.Helper()
	for m, err := range b.Read(t.Context(), stream, filter, 1, 0) {
		if err != nil {
			t.Fatal(err)
		}
		m.Pending, m.At, m.Header = 0, 0, nil // of this server alone
		list = append(list, m)
	}
	return list
}

// checkRun makes sure that the documents of a run are one a tick, in order, say what
// the frames say, and add up to the run's trace hash.
func (s shape) checkRun(t testing.TB, b *bus.Bus, v *events.Verdict, run int) {
	t.Helper()
	key := events.RunKey{Pipeline: "p", Window: v.Window, Run: run}
	frames := read(t, b, events.StreamTrace, events.TraceSubject(key))
	list := read(t, b, events.StreamViz, events.TrendPackSubject(key))
	if len(list) != int(s.ticks) {
		t.Fatalf("run %d: %d documents for %d ticks", run, len(list), s.ticks)
	}
	var trace []events.TraceEvent
	var first uint64 = frames[0].Seq
	for i, m := range list {
		var pack aalviz.TrendPack
		var p aalviz.Provenance
		if err := events.Decode(m.Data, &pack); err != nil {
			t.Fatal(err)
		}
		if err := events.Decode([]byte(pack.Provenance), &p); err != nil {
			t.Fatal(err)
		}
		if want := s.firstTick + int64(i); pack.Tick != want || pack.RunID != fmt.Sprintf("p-%d-%d", v.Window, run) || len(pack.Timeline) != s.tasks {
			t.Fatalf("run %d, document %d: %s", run, i, m.Data)
		}
		if p.TraceFirstSeq != first || p.TraceLastSeq < first || p.Run != run || p.DefinitionSHA256 != nothing || p.VerdictSeq == 0 || p.Outcome != v.Outcome {
			t.Fatalf("run %d, document %d: %s", run, i, m.Data)
		}
		first = p.TraceLastSeq + 1
		own := len(trace)
		for _, e := range pack.Timeline {
			trace = append(trace, events.TraceEvent{Tick: pack.Tick, Task: e.Task, Lane: e.Lane, Status: e.Status, CostOps: e.CostOps, CostEntropy: e.CostEntropy, Meta: e.Meta})
		}
		if sum, err := events.TraceSHA256(trace[own:]); err != nil || sum != p.TraceSHA256 {
			t.Fatalf("run %d, document %d: trace hash %s, %v", run, i, sum, err)
		}
	}
	if sum, err := events.TraceSHA256(trace); err != nil || sum != v.Hashes[run] {
		t.Errorf("run %d: the documents add up to trace hash %s (%v), the verdict has %s", run, sum, err, v.Hashes[run])
	}
}

var small = shape{values: []string{"1", "2", "1", "3", "2"}, ticks: 3, tasks: 4, maxFrame: 300, meta: `{"tags":["x"]}`, firstTick: 5}

// One run of each group is shown, and the window's RunStability comes last.
func TestWindow(t *testing.T) {
	b := bustest.Open(t)
	v := small.make(t, b)
	f, _ := start(t, b)
	awaitShown(t, b, v.Window)
	for _, run := range []int{0, 1, 3} {
		small.checkRun(t, b, v, run)
	}
	all := read(t, b, events.StreamViz, "")
	last := all[len(all)-1]
	if len(all) != 3*3+1 || last.Subject != events.StabilitySubject("p", v.Window) {
		t.Fatalf("%d messages, the last on %s", len(all), last.Subject)
	}
	var s aalviz.Stability
	if err := events.Decode(last.Data, &s); err != nil {
		t.Fatal(err)
	}
	if s.RunID != "p-1-0" || s.OK || len(s.Hashes) != 5 || *s.FirstMismatch != 1 || s.Hashes[0] == s.Hashes[1] || s.Hashes[0] != s.Hashes[2] {
		t.Errorf("%+v", s)
	}
	if d := s.Divergence; d == nil || d.Kind != events.KindValue || len(d.Diffs) != 2 || d.Diffs[0].Tick != 7 || d.Diffs[0].A != "1" || d.Diffs[0].B != "2" || d.Diffs[0].Path != "/value" {
		t.Errorf("%+v", s.Divergence)
	}
	if n := f.Stats().TrendPacks.Load(); n != 9 || f.Stats().Problems.Load() != 0 {
		t.Errorf("%d TrendPacks, %d problems", n, f.Stats().Problems.Load())
	}
}

// A feed that is begun on what any other has left, whatever that was, makes the same
// stream to the byte.
func TestResumeAnywhere(t *testing.T) {
	origin := bustest.Open(t)
	small.make(t, origin)
	v := shape{values: []string{"1", "1"}, ticks: 2, tasks: 1, maxFrame: 1 << 20, meta: "{}"}.make(t, origin)
	_, stop := start(t, origin)
	awaitShown(t, origin, v.Window)
	stop()
	want := read(t, origin, events.StreamViz, "")
	for n := range len(want) + 1 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			b := bustest.Open(t)
			for _, stream := range []string{events.StreamTrace, events.StreamVerdict} {
				for _, m := range read(t, origin, stream, "") {
					say(t, b, stream, m.Subject, m.Data)
				}
			}
			for _, m := range want[:n] {
				say(t, b, events.StreamViz, m.Subject, m.Data)
			}
			start(t, b)
			awaitShown(t, b, v.Window)
			if d := cmp.Diff(want, read(t, b, events.StreamViz, "")); d != "" {
				t.Error(d)
			}
		})
	}
}

// A feed that begins behind says how far, verdict by verdict, and has caught up in the end.
func TestLag(t *testing.T) {
	b := bustest.Open(t)
	const windows = 40 // more than after which it asks again
	var last *events.Verdict
	for range windows {
		last = shape{values: []string{"1", "1"}, ticks: 1, tasks: 1, maxFrame: 1 << 20, meta: "{}"}.make(t, b)
	}
	said := make(lines, 10*windows)
	f := feed.New(feed.Config{Bus: b, Log: zerolog.New(said)})
	stop := bustest.Serve(t, f.Run)
	for want := windows - 1; want >= 0; want-- {
		for line := range said {
			if strings.Contains(line, "window is on ERS_VIZ") {
				if !strings.Contains(line, fmt.Sprintf(`"lag":%d,`, want)) {
					t.Fatalf("not behind by %d: %s", want, line)
				}
				break
			}
		}
	}
	stop()
	if lag, shown := f.Stats().Lag.Load(), f.Stats().Windows.Load(); lag != 0 || shown != windows || last.Window != windows {
		t.Errorf("%d windows of %d shown, %d behind", shown, last.Window, lag)
	}
}

// Feeds beside each other, one of them stopped and begun again all the time, append
// each document once.
func TestFeedsAtOnce(t *testing.T) {
	b := bustest.Open(t)
	long := shape{values: []string{"1", "1", "2"}, ticks: 300, tasks: 2, maxFrame: 1 << 20, meta: "{}"}
	var verdicts []*events.Verdict
	for range 3 {
		verdicts = append(verdicts, long.make(t, b))
	}
	one, _ := start(t, b)
	two, _ := start(t, b)
	n := 0
	follow(t, b, events.StreamViz, "", func(m bus.Message) bool {
		if n++; n%300 == 0 {
			_, stop := start(t, b)
			awaitMore(t, b, m.Seq)
			stop()
		}
		return m.Subject == events.StabilitySubject("p", 3)
	})
	for _, v := range verdicts {
		long.checkRun(t, b, v, 0)
		long.checkRun(t, b, v, 2)
	}
	if all := read(t, b, events.StreamViz, ""); len(all) != 3*(2*300+1) {
		t.Errorf("%d messages", len(all))
	}
	if problems := one.Stats().Problems.Load() + two.Stats().Problems.Load(); problems != 0 {
		t.Errorf("%d problems", problems)
	}
}

// awaitMore waits for a message behind seq, or the end of the last window.
func awaitMore(t *testing.T, b *bus.Bus, seq uint64) {
	t.Helper()
	follow(t, b, events.StreamViz, "", func(m bus.Message) bool {
		return m.Seq > seq || m.Subject == events.StabilitySubject("p", 3)
	})
}

// What is not as it must be is named and counted and keeps nothing else from being
// shown.
func TestBadMessages(t *testing.T) {
	b := bustest.Open(t)
	for range 77 { // or no gate works where verdicts name windows that are not there
		say(t, b, events.StreamWindow, "ers.window.starlark.p", []byte("no request"))
	}
	say(t, b, events.StreamVerdict, "ers.verdict.pass.p.77", []byte("no verdict"))
	first := small.make(t, b)
	damaged := *first
	damaged.Window = 50
	say(t, b, events.StreamVerdict, "ers.verdict.fail.p.51", encode(t, &damaged)) // on another's subject
	say(t, b, events.StreamVerdict, "ers.verdict.fail.p.50", encode(t, &damaged)) // its runs have no frames
	say(t, b, events.StreamViz, events.TrendPackSubject(events.RunKey{Pipeline: "p", Window: first.Window, Run: 1}), []byte("no document"))
	last := small.make(t, b)
	var log strings.Builder
	f := feed.New(feed.Config{Bus: b, Log: zerolog.New(zerolog.SyncWriter(&log))})
	err := f.Beside(t.Context(), func(context.Context) error {
		awaitShown(t, b, last.Window)
		return errFirst
	})
	if !errors.Is(err, errFirst) {
		t.Errorf("got %v", err)
	}
	small.checkRun(t, b, first, 0)
	small.checkRun(t, b, first, 3)
	small.checkRun(t, b, last, 0)
	if n := f.Stats().Problems.Load(); n != 2+3+1 {
		t.Errorf("%d problems: %s", n, &log)
	}
	for _, text := range []string{`"stream":"ERS_VERDICT","seq":1`, "on ers.verdict.fail.p.51", "window 50, run 1 is not shown to its end: the run ends before event 0 of tick 5",
		`"stream":"ERS_VIZ","seq":1`} {
		if !strings.Contains(log.String(), text) {
			t.Errorf("the log does not say %s:\n%s", text, &log)
		}
	}
}

var errFirst = errors.New("made for this test")

// A feed without its stream gives up, says so, and does not take the gate with it.
func TestBesideWithoutStream(t *testing.T) {
	b := bustest.Open(t)
	if err := b.JetStream().DeleteStream(t.Context(), events.StreamViz); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan string, 100)
	f := feed.New(feed.Config{Bus: b, Log: zerolog.New(lines(stopped)).Level(zerolog.ErrorLevel)})
	err := f.Beside(t.Context(), func(ctx context.Context) error {
		if line := <-stopped; !strings.Contains(line, "the feed has stopped") || ctx.Err() != nil {
			t.Errorf("%s, %v", line, ctx.Err())
		}
		return errFirst
	})
	if !errors.Is(err, errFirst) {
		t.Errorf("got %v", err)
	}
}

// lines takes what is logged.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// The document of a tick that is too big for a message is in the object store.
func TestBigTick(t *testing.T) {
	b := bustest.Open(t)
	meta := canon.Value(`{"tags":["` + strings.Repeat("x", 1000) + `"]}`)
	big := shape{values: []string{"1", "1"}, ticks: 2, tasks: 1200, maxFrame: b.MaxPayload(), meta: meta}
	v := big.make(t, b)
	start(t, b)
	awaitShown(t, b, v.Window)
	list := read(t, b, events.StreamViz, events.TrendPackSubjects)
	for _, m := range list {
		var cut, whole aalviz.TrendPack
		if err := events.Decode(m.Data, &cut); err != nil {
			t.Fatal(err)
		}
		data, err := b.GetObject(t.Context(), cut.Object.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if err := events.Decode(data, &whole); err != nil {
			t.Fatal(err)
		}
		if len(cut.Timeline) != 0 || len(whole.Timeline) != 1200 || cut.Stats != whole.Stats || cut.Provenance != whole.Provenance || cut.Object.Bytes != len(data) {
			t.Errorf("%s", m.Data)
		}
	}
	if len(list) != 2 {
		t.Errorf("%d documents", len(list))
	}
}

// A window that could not be judged has the runs that are whole, or none, and says why.
func TestInconclusive(t *testing.T) {
	b := bustest.Open(t)
	request := &events.WindowRequest{Schema: events.WindowSchema, Kind: events.Starlark, Pipeline: "p", DefinitionSHA256: nothing, ContextsSHA256: nothing, Runs: 2, FirstTick: 5, Ticks: 3}
	data := encode(t, request)
	window := say(t, b, events.StreamWindow, "ers.window.starlark.p", data)
	key := events.WindowKey{Pipeline: "p", Window: window, Request: events.RequestSHA256(data)}
	for run := range 2 {
		say(t, b, events.StreamDigest, events.DigestSubject(key.Run(run)), encode(t, &events.Digest{
			Schema: events.DigestSchema, Scheme: canon.Scheme, Request: key.Request, Pipeline: "p", Window: window, Run: run, FirstTick: 5, Ticks: 3, Covers: []events.TickDigest{},
			Hashes: events.Hashes{Trace: nothing, Result: nothing, Forecast: nothing, ForecastResult: nothing}, Final: true, Problem: &events.Problem{Run: run, Stream: events.StreamTrace, Reason: "made for this test"}}))
	}
	judge(t, b, window)
	start(t, b)
	awaitShown(t, b, window)
	all := read(t, b, events.StreamViz, "")
	var s aalviz.Stability
	if err := events.Decode(all[0].Data, &s); err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || s.OK || s.RunID != "p-1-0" || s.Hashes[1] != "" || s.Divergence != nil || !strings.Contains(s.Note, "made for this test") {
		t.Errorf("%d messages, %+v", len(all), s)
	}
}

// How fast documents get onto the stream.
func BenchmarkFeed(b *testing.B) {
	server := bustest.Open(b)
	s := shape{values: []string{"1", "1"}, ticks: 2000, tasks: 50, maxFrame: 1 << 20, meta: `{"tags":["bench"]}`}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		v := s.make(b, server)
		b.StartTimer()
		_, stop := start(b, server)
		awaitShown(b, server, v.Window)
		stop()
	}
	b.ReportMetric(float64(s.ticks)*float64(b.N)/b.Elapsed().Seconds(), "documents/s")
}
