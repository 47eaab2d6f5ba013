package compare

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// brokenSource lies about, or fails at, what another source says.
type brokenSource struct {
	Source
	digests func(run int, d events.TickDigest) (events.TickDigest, error)
	tick    func(run int, t events.Tick) (events.Tick, error)
	stopAt  int64 // when positive: no digests from this tick on
}

func (s *brokenSource) TickDigests(run int) iter.Seq2[events.TickDigest, error] {
	return func(yield func(events.TickDigest, error) bool) {
		for d, err := range s.Source.TickDigests(run) {
			if s.stopAt > 0 && d.Tick >= s.stopAt {
				return
			}
			if s.digests != nil && err == nil {
				d, err = s.digests(run, d)
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

func (s *brokenSource) Tick(run int, d events.TickDigest) (events.Tick, error) {
	t, err := s.Source.Tick(run, d)
	if s.tick != nil && err == nil {
		t.Events, t.Results = slices.Clone(t.Events), slices.Clone(t.Results)
		t, err = s.tick(run, t)
	}
	return t, err
}

// No evidence that contradicts itself makes a verdict other than inconclusive.
func TestContradictions(t *testing.T) {
	other := canon.Sum([]byte("other")).String()
	for _, c := range []struct {
		name   string
		broken brokenSource
		run    int
		reason string
	}{
		{"digests end early", brokenSource{stopAt: 2}, 0, "the digests of the run end before tick 2"},
		{"digests skip a tick", brokenSource{digests: func(run int, d events.TickDigest) (events.TickDigest, error) {
			d.Tick += int64(run)
			return d, nil
		}}, 5, "tick 5 where tick 0 belongs"},
		{"no tick differs", brokenSource{digests: func(run int, d events.TickDigest) (events.TickDigest, error) {
			d.Hashes = events.Hashes{Trace: other, Result: other, Forecast: other, ForecastResult: other}
			return d, nil
		}}, 5, "the digests of runs 0 and 5 differ, but those of their ticks do not"},
		{"an equal tick is said to differ", brokenSource{digests: func(run int, d events.TickDigest) (events.TickDigest, error) {
			if run == 5 && d.Tick == 0 {
				d.Result = other
			}
			return d, nil
		}}, 5, "the frames of tick 0 do not have the hashes that the digest says"},
		{"frames are not what was hashed", brokenSource{tick: func(run int, t events.Tick) (events.Tick, error) {
			if t.Tick == 1 {
				t.Events[0].CostOps++
			}
			return t, nil
		}}, 0, "the frames of tick 1 do not have the hashes that the digest says"},
		{"frames are shorter", brokenSource{tick: func(run int, t events.Tick) (events.Tick, error) {
			deleteEvent(&t, 0)
			return t, nil
		}}, 0, "tick 2 with 4 events and 4 results was found where the digest has tick 2 with 5"},
		{"another tick", brokenSource{tick: func(run int, t events.Tick) (events.Tick, error) {
			t.Tick--
			return t, nil
		}}, 0, "tick 1 with 5 events"},
		{"a result of another task", brokenSource{tick: func(run int, t events.Tick) (events.Tick, error) {
			t.Results[0].Name = "other"
			return t, nil
		}}, 0, `beside a result of task "other"`},
		{"frames are gone", brokenSource{tick: func(run int, t events.Tick) (events.Tick, error) {
			return t, fmt.Errorf("wrapped: %w", &Contradiction{Run: run, Stream: events.StreamTrace, Seq: 9, Reason: "the message was deleted"})
		}}, 0, "the message was deleted"},
		{"no canonical form", brokenSource{tick: func(run int, t events.Tick) (events.Tick, error) {
			t.Events[0].Task, t.Results[0].Name = "\xff", "\xff"
			return t, nil
		}}, 0, "UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTestWindow(12)
			w.value(5, 2, 0, "102", "103")
			w.seal(t)
			c.broken.Source = w.runs
			v, err := Judge(w.key(), &w.req, w.last, &c.broken)
			if err != nil {
				t.Fatal(err)
			}
			if v.Outcome != events.Inconclusive || v.Divergence != nil {
				t.Fatalf("verdict %s, problems %v: want inconclusive", v.Outcome, v.Problems)
			}
			named := func(p events.Problem) bool { return p.Run == c.run && strings.Contains(p.Reason, c.reason) }
			if !slices.ContainsFunc(v.Problems, named) {
				t.Errorf("problems %v\nwant run %d: …%s…", v.Problems, c.run, c.reason)
			}
			for _, g := range v.Groups {
				if g.Differs != nil {
					t.Errorf("group of runs %v differs at %v in an inconclusive verdict", g.Runs, g.Differs)
				}
			}
			encode(t, &v)
		})
	}
}

// A run whose evidence does not hold does not hide what the others show.
func TestDoubtedRunHidesNothing(t *testing.T) {
	w := newTestWindow(12)
	w.value(5, 2, 0, "102", "103")
	w.seal(t)
	broken := &brokenSource{Source: w.runs, tick: func(run int, t events.Tick) (events.Tick, error) {
		if run == 0 && t.Tick == 1 {
			t.Events[0].CostOps++
		}
		return t, nil
	}}
	v, err := Judge(w.key(), &w.req, w.last, broken)
	if err != nil {
		t.Fatal(err)
	}
	if v.Outcome != events.Fail || !slices.Equal(v.Divergence.Runs, []int{5}) || v.Divergence.Expected.Run != 1 ||
		len(v.Problems) != 1 || v.Problems[0].Run != 0 || v.Hashes[0] != "" {
		t.Errorf("verdict %s, problems %v, divergence %+v", v.Outcome, v.Problems, v.Divergence)
	}
	encode(t, &v)
}

// An error of the source is no verdict, and is told with what was asked for.
func TestSourceErrors(t *testing.T) {
	failed := errors.New("no responders")
	for name, broken := range map[string]brokenSource{
		"window 42: tick digests of run 5: no responders": {digests: func(run int, d events.TickDigest) (events.TickDigest, error) {
			if run == 5 && d.Tick == 1 {
				return d, failed
			}
			return d, nil
		}},
		"window 42: tick 2 of run 5: no responders": {tick: func(run int, t events.Tick) (events.Tick, error) {
			if run == 5 {
				return t, failed
			}
			return t, nil
		}},
	} {
		w := newTestWindow(12)
		w.value(5, 2, 0, "102", "103")
		w.seal(t)
		broken.Source = w.runs
		v, err := Judge(w.key(), &w.req, w.last, &broken)
		if !errors.Is(err, failed) || err.Error() != name || v.Outcome != "" {
			t.Errorf("verdict %q, error %v: want %s", v.Outcome, err, name)
		}
	}
}

func TestJudgeRefuses(t *testing.T) {
	w := newTestWindow(1)
	w.seal(t)
	if _, err := Judge(w.key(), &w.req, w.last, w.runs); !errors.Is(err, ErrTooFewRuns) {
		t.Errorf("one run: %v", err)
	}
	w = newTestWindow(3)
	w.seal(t)
	if _, err := Judge(w.key(), &w.req, w.last[:2], w.runs); err == nil {
		t.Error("three runs with two digests were judged")
	}
}

// Every run must be proved complete: whatever its last digest lacks, no verdict
// but inconclusive comes out, and the run is named.
func TestFailsClosed(t *testing.T) {
	for name, broken := range map[string]func(d *events.Digest){
		"no digest":      func(d *events.Digest) { *d = events.Digest{} },
		"schema":         func(d *events.Digest) { d.Schema = "ers.digest.v1" },
		"scheme":         func(d *events.Digest) { d.Scheme = "ers-c14n/2" },
		"pipeline":       func(d *events.Digest) { d.Pipeline = "other" },
		"window":         func(d *events.Digest) { d.Window++ },
		"run":            func(d *events.Digest) { d.Run++ },
		"first tick":     func(d *events.Digest) { d.FirstTick++ },
		"ticks":          func(d *events.Digest) { d.Ticks, d.Done = 2, 2 },
		"done":           func(d *events.Digest) { d.Done-- },
		"final":          func(d *events.Digest) { d.Final = false },
		"problem":        func(d *events.Digest) { d.Problem = &events.Problem{} },
		"trace hash":     func(d *events.Digest) { d.Trace = "" },
		"result hash":    func(d *events.Digest) { d.Result = strings.ToUpper(d.Result) },
		"forecast hash":  func(d *events.Digest) { d.Forecast = d.Forecast[:63] },
		"other forecast": func(d *events.Digest) { d.Forecast = d.Result },
		"request":        func(d *events.Digest) { d.Request = d.Result },
	} {
		for _, run := range []int{0, 1} {
			w := newTestWindow(2)
			w.seal(t)
			broken(&w.last[run])
			v := w.judge(t)
			if v.Outcome != events.Inconclusive || len(v.Problems) != 1 {
				t.Errorf("%s of run %d: verdict %s, problems %v", name, run, v.Outcome, v.Problems)
				continue
			}
			if name != "other forecast" && v.Problems[0].Run != run {
				t.Errorf("%s of run %d: the problem is that of run %d", name, run, v.Problems[0].Run)
			}
			encode(t, &v)
		}
	}
	w := newTestWindow(2)
	w.seal(t)
	for run := range w.last {
		w.last[run].Trace = ""
	}
	if v := w.judge(t); v.Outcome != events.Inconclusive || len(v.Problems) != 2 {
		t.Errorf("two runs without hashes: %s", v.Outcome)
	}
}

// A value may be nested as deep as canon allows. The verdict holds it as deep as its
// readers allow.
func TestDeepValue(t *testing.T) {
	deep := canon.Value(strings.Repeat("[", canon.MaxDepth-1) + strings.Repeat("]", canon.MaxDepth-1))
	w := newTestWindow(3)
	w.result(1, 0, 0).Value = deep
	w.result(2, 0, 0).Value = deep[:canon.MaxDepth-1] + "1" + deep[canon.MaxDepth-1:]
	deleteEvent(&w.runs[0][0], 0)
	w.seal(t)
	v := w.judge(t)
	encode(t, &v)
	if d := v.Groups[2].Differs; d == nil || d.Kind != events.KindExtra {
		t.Errorf("run 2 differs at %v", d)
	}
}

// Error texts are cut as values are, so that both sides show where they differ.
func TestLongErrors(t *testing.T) {
	long := strings.Repeat("é", MaxCanonical)
	w := newTestWindow(3)
	for run := range 3 {
		w.result(run, 1, 3).Error = long + "."
	}
	w.result(2, 1, 3).Error = long + "!"
	w.seal(t)
	v := w.judge(t)
	for side, end := range map[*events.Side]string{&v.Divergence.Expected: "é.", &v.Divergence.Found: "é!"} {
		if e := side.Error; len(e) > MaxCanonical || !strings.HasPrefix(e, "…é") || !strings.HasSuffix(e, end) {
			t.Errorf("error of %d bytes, %.10q to %q", len(e), e, e[max(0, len(e)-10):])
		}
	}
	encode(t, &v)
}

func TestEqualTicksAreNoDivergence(t *testing.T) {
	a := testTick(0)
	if _, err := classify(&a, &a); !errors.Is(err, errEqual) {
		t.Errorf("%v", err)
	}
}

// Names of members can be as long as values. Twelve runs that differ in such members
// still make a verdict that fits into a message.
func TestLongPointer(t *testing.T) {
	w := newTestWindow(12)
	for run := range 12 {
		name := strings.Repeat("n", 200<<10)
		w.result(run, 1, 3).Value = canon.Value(fmt.Sprintf(`{"a":{"%s":%d}}`, name, run))
	}
	w.seal(t)
	v := w.judge(t)
	if d := v.Divergence; d.Kind != events.KindValue || d.Pointer != "/value/a" || !strings.HasSuffix(d.Found.Canonical, `n":1}`) {
		t.Errorf("%s at %.80s: …%s", d.Kind, d.Pointer, d.Found.Canonical[len(d.Found.Canonical)-20:])
	}
	if data, err := events.Encode(&v); err != nil || len(data) > 256<<10 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}
