package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/service"
)

// pipelineFixture is a pipeline to run, and the verdict that it must always get.
type pipelineFixture struct {
	name   string
	yaml   string
	change func(*events.WindowRequest)               // or nil
	load   func(path string) (*pipeline.File, error) // nil: pipeline.Load

	once    sync.Once
	verdict []byte // of an undisturbed window in one process, see normal
}

// small is done at once. busy takes about a second of two processors and is written
// so that what a resumed run forgets changes its hashes; it has more runs than a
// coordinator runs at once, so that in the middle some have ended, some are on their
// way and some have not begun. drilled is the same with one event falsified. long is
// as busy with fewer runs. bulky has ticks of several frames.
var (
	small   = &pipelineFixture{name: "chain", yaml: chain(12, 5, 10)}
	busy    = &pipelineFixture{name: "chain", yaml: chain(128, 6, busyLoops)}
	drilled = &pipelineFixture{name: "chain", yaml: busy.yaml, change: func(r *events.WindowRequest) {
		r.Drill = &events.Drill{Run: 100, Tick: 3, Task: "chain", Kind: "value"}
	}}
	long  = &pipelineFixture{name: "chain", yaml: chain(16, 48, busyLoops)}
	bulky = &pipelineFixture{name: "bulky", yaml: bulkyYAML()}
)

var busyLoops = func() int {
	if raceEnabled {
		return 400 // which is as slow
	}
	return 4000
}()

func chain(runs, ticks, loops int) string {
	return strings.NewReplacer("RUNS", fmt.Sprint(runs), "TICKS", fmt.Sprint(ticks), "LOOPS", fmt.Sprint(loops)).Replace(chainYAML)
}

const chainYAML = `
name: chain
runs: RUNS
ticks: TICKS
first_tick: 3
budget: {forecast: {ops: 100, entropy: 5}, shadow: {ops: 20, entropy: 0}}
context: {seed: 7}
tasks:
  - name: chain
    lane: forecast
    cost: {ops: 50, entropy: 1}
    tags: [state]
    starlark: |
      def run(ctx):
          x = ctx.context["seed"]
          if "chain" in ctx.previous:
              x = ctx.previous["chain"].value
          for i in range(LOOPS):
              x = (x * 1103515245 + 12345) % 2147483648
          return x
  - name: odd ticks
    lane: forecast
    priority: 1
    cost: {ops: 20}
    starlark: |
      def run(ctx):
          if ctx.tick % 2 == 0:
              fail("tick", ctx.tick, "is even, after", ctx.previous["odd ticks"].status)
          return [ctx.results["chain"].value, 1.5, None, "ü"]
  - name: too dear
    lane: forecast
    priority: 2
    cost: {ops: 31}
    starlark: |
      def run(ctx):
          return None
  - name: shadow
    lane: shadow
    cost: {ops: 5}
    starlark: |
      def run(ctx):
          return {"is": ctx.results["odd ticks"].status, "was": [[name, r.value] for name, r in ctx.previous.items()]}
`

// bulkyYAML has 15 results of nearly the largest size in a tick, which make four
// frames or five.
func bulkyYAML() string {
	yaml := `
name: bulky
runs: 3
ticks: 4
budget: {forecast: {ops: 0, entropy: 0}, shadow: {ops: 0, entropy: 0}}
tasks:
  - name: task 0
    lane: forecast
    starlark: &code |
      def run(ctx):
          before = ctx.previous["task 0"].value[:9] if ctx.previous else ""
          return str(ctx.tick) + before + "x" * 250000
`
	for i := 1; i < 15; i++ {
		yaml += fmt.Sprintf("  - {name: task %d, lane: %s, starlark: *code}\n", i, events.Lane(i/8))
	}
	return yaml
}

// write puts the pipeline into a file of the test.
func (p *pipelineFixture) write(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "pipeline.yaml")
	if err := os.WriteFile(path, []byte(p.yaml), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func (p *pipelineFixture) file(t *testing.T) *pipeline.File {
	t.Helper()
	load := pipeline.Load
	if p.load != nil {
		load = p.load
	}
	f, err := load(p.write(t))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// undisturbed returns the normal form of the verdict that the pipeline gets in one
// process in which nothing goes wrong.
func (p *pipelineFixture) undisturbed(t *testing.T) []byte {
	t.Helper()
	p.once.Do(func() {
		b := bustest.Open(t)
		serve(t, func(ctx context.Context) error { return service.Run(ctx, service.Config{Bus: b, Log: bustest.Log(t)}) })
		s := &system{scene: newScene(t), bus: b}
		p.verdict = normal(t, s.verdict(p, s.submit(p)))
	})
	if p.verdict == nil {
		t.Fatalf("the undisturbed window of %s has no verdict", p.name)
	}
	return p.verdict
}

// normal returns the document of a verdict without what depends on the bus that the
// window was run on, and on who asked for it.
func normal(t *testing.T, v *events.Verdict) []byte {
	t.Helper()
	c := *v
	c.Window, c.Request, c.DigestSeq, c.Reproduce = 0, "", 0, ""
	document, err := events.Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// checkWindow waits for the verdict on a window, which must be that of an undisturbed
// one, and makes sure that the streams hold every tick of every run exactly once and
// that neither a service nor an audit finds anything wrong.
func (s *system) checkWindow(p *pipelineFixture, window uint64) {
	s.t.Helper()
	v := s.verdict(p, window)
	if got, want := normal(s.t, v), p.undisturbed(s.t); string(got) != string(want) {
		s.t.Errorf("verdict on window %d:\n%s\nwant\n%s", window, got, want)
	}
	if n := len(s.read(events.StreamVerdict, events.VerdictGuard(p.name, window))); n != 1 {
		s.t.Errorf("window %d has %d verdicts", window, n)
	}
	for run := range v.Runs {
		key := events.RunKey{Pipeline: p.name, Window: window, Run: run}
		s.checkDigests(key, s.checkFrames(key, v.FirstTick, v.Ticks))
	}
	for _, p := range s.processes {
		if p.log.count(`"problems":`) > 0 {
			s.t.Errorf("%s has found problems", p.name())
		}
	}
	audit := command("ers", "audit", "--nats", s.url, "--window", fmt.Sprint(window))
	if out, err := audit.CombinedOutput(); err != nil {
		s.t.Errorf("audit of window %d: %v\n%s", window, err, out)
	}
}

// span are the sequences of the first and the last frame of a tick.
type span struct{ first, last uint64 }

// checkFrames makes sure that the frames of a run are its events from the first to
// the last, and returns where its ticks are.
func (s *system) checkFrames(key events.RunKey, firstTick, ticks int64) (spans []span) {
	s.t.Helper()
	var d events.FrameDecoder
	tick, index := firstTick, 0
	for _, m := range s.read(events.StreamTrace, events.TraceSubject(key)) {
		if err := d.Decode(m.Data); err != nil {
			s.t.Fatalf("run %s, sequence %d: %v", key, m.Seq, err)
		}
		if d.RunKey != key || d.Tick != tick || d.First != index {
			s.t.Fatalf("run %s, sequence %d: event %d of tick %d of run %s, where event %d of tick %d belongs", key, m.Seq, d.First, d.Tick, d.RunKey, index, tick)
		}
		if index == 0 {
			spans = append(spans, span{first: m.Seq})
		}
		spans[len(spans)-1].last = m.Seq
		index += d.Len()
		if d.Last() {
			tick, index = tick+1, 0
		}
	}
	if tick != firstTick+ticks || index != 0 {
		s.t.Fatalf("run %s ends before event %d of tick %d, not after tick %d", key, index, tick, firstTick+ticks-1)
	}
	return spans
}

// checkDigests makes sure that the digests of a run cover its frames, each once.
func (s *system) checkDigests(key events.RunKey, spans []span) {
	s.t.Helper()
	messages := s.read(events.StreamDigest, events.DigestSubject(key))
	for i, m := range messages {
		var d events.Digest
		if err := events.Decode(m.Data, &d); err != nil {
			s.t.Fatalf("digest of run %s, sequence %d: %v", key, m.Seq, err)
		}
		if last := i == len(messages)-1; d.Final != last || d.Problem != nil {
			s.t.Errorf("digest %d of %d of run %s: final is %t, problem %v", i, len(messages), key, d.Final, d.Problem)
		}
		for _, covered := range d.Covers {
			if len(spans) == 0 || spans[0] != (span{covered.FirstSeq, covered.LastSeq}) {
				s.t.Fatalf("digest of run %s, sequence %d: tick %d at %d to %d, which is not next in %v", key, m.Seq, covered.Tick, covered.FirstSeq, covered.LastSeq, spans)
			}
			spans = spans[1:]
		}
	}
	if len(spans) > 0 {
		s.t.Errorf("no digest of run %s covers %v", key, spans)
	}
}
