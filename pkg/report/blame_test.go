package report

import (
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/blame"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/vary"
)

// The sentences in which a cause is told.
func TestAppendBlame(t *testing.T) {
	of := &events.Verdict{Window: 7, Pipeline: "hours", Runs: 12, Ticks: 1}
	probe := &events.Verdict{Divergence: &events.Divergence{Location: events.Location{Kind: events.KindValue, Task: "oracle:signal", Pointer: "/value/hour"},
		Expected: events.Side{Present: true, Canonical: "13"}, Found: events.Side{Present: true, Canonical: "22"}}}
	for _, c := range []struct {
		name    string
		finding blame.Finding
		stopped bool
		want    []string
	}{
		{"one", blame.Finding{Kind: blame.ByCause, Causes: []blame.Cause{{Names: []vary.Name{"tz"}, Varied: true, Shown: 9}}, Passed: 10, Equal: 12, Windows: 3, Runs: 26}, false,
			[]string{"BLAME  differs when tz varies: oracle:signal /value/hour: 13 and 22\n", "  window      7 of hours: 12 runs, tick 0\n", "12 with equal surroundings are equal: a difference that shows in 1\n",
				"all else fixed, tz varied: runs differ in window 9\n", "tz fixed, all else as it was: runs are equal in window 10\n", "  probes      3 windows, 26 runs\n", "  To see it:  ers try --vary tz"}},
		{"together, and another that is free", blame.Finding{Kind: blame.ByCause, Why: "so", Causes: []blame.Cause{{Names: []vary.Name{"tz", "umask"}, Varied: true, Shown: 9}, {Names: []vary.Name{"clock"}, Shown: 8}}}, false,
			[]string{"BLAME  differs when tz and umask vary together: oracle", "\n       differs when clock is free\n", "all else fixed, clock free: runs differ in window 8\n", "open        there may be more behind it: so\n"}},
		{"by itself", blame.Finding{Kind: blame.Itself, Equal: 36, Odd: 3, Shown: 9}, false,
			[]string{"BLAME  differs by itself: in 3 of 36 equal runs: oracle:signal /value/hour: 13 and 22\n", "  how often   in 1.8 to 22 % of all runs, with 95 %\n", "  shown       window 9\n"}},
		{"no two are equal", blame.Finding{Kind: blame.Itself, Equal: 12, Odd: 11, Shown: 9}, false, []string{"differs by itself: no two of 12 equal runs are equal: oracle"}},
		{"not found", blame.Finding{Kind: blame.Unknown, Equal: 36, Why: "the difference did not come again"}, false,
			[]string{"BLAME  could not be found: the difference did not come again\n", "\n       36 runs with equal surroundings are equal\n"}},
		{"stopped", blame.Finding{Kind: blame.Unknown, Equal: 12, Among: []vary.Name{"tz", "gc"}, Windows: 1, Runs: 1}, true,
			[]string{"BLAME  stopped before it was found\n", "\n       it is among these: tz, gc\n", "  probes      1 window, 1 run\n"}},
	} {
		b := &Blame{Of: of, Finding: &c.finding, Stopped: c.stopped, Probes: map[uint64]*events.Verdict{9: probe}, Commands: []string{"ers try --vary tz -- x"}}
		text := string(AppendBlame(nil, b, Options{}))
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, text)
			}
		}
	}
}

// A probe says that it is one, and of two runs that differ the first is the plain one.
func TestProbe(t *testing.T) {
	v := events.Verdict{Outcome: events.Fail, Runs: 2, Ticks: 1, Tie: true, Outliers: []int{1}, Numbers: []int64{0, 6}, Variations: []vary.Name{"tz"}, Fixed: []vary.Name{"gc"},
		Probe:  &events.Probe{Window: 7, Question: "does it differ when tz alone varies?"},
		Groups: []events.Group{{Runs: []int{0}}, {Runs: []int{1}}}, Divergence: &events.Divergence{Location: events.Location{Kind: events.KindMissing, Task: "a"}, Runs: []int{1}}}
	text := string(Append(nil, &v, Options{Width: 200}))
	for _, want := range []string{"FAIL  probe: run 1 differs from run 0 at tick 0: a is missing\n", "  varied      tz\n", "  fixed       gc\n",
		"PROBE: this window was asked for in the search for what makes window 7 differ: does it differ when tz alone varies?\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, not := range []string{"TIE:", "It differs when"} {
		if strings.Contains(text, not) {
			t.Errorf("%q in\n%s", not, text)
		}
	}
}
