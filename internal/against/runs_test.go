package against

import (
	"testing"

	"abraxas.dev/ers/pkg/events"
)

// window makes one whose groups have these hashes, the runs of each behind those of the one
// before, and whose first difference is found in a run.
func window(found int, hashes ...string) *Window {
	v := &events.Verdict{Outcome: events.Pass}
	for i, hash := range hashes {
		v.Groups = append(v.Groups, events.Group{Hash: hash, ResultHash: hash, Runs: []int{2 * i, 2*i + 1}})
	}
	if len(hashes) > 1 {
		v.Outcome, v.Divergence = events.Fail, &events.Divergence{Found: events.Side{Run: found}}
	}
	return &Window{Request: &events.WindowRequest{}, Verdict: v}
}

func TestRuns(t *testing.T) {
	without := window(0, "shadow", "a")
	without.Verdict.RunGroups = []events.RunGroup{{Name: events.ShadowOff, Runs: []int{0, 1}}}
	for _, c := range []struct {
		name string
		a, b *Window
		want [2]int
	}{
		{"equal", window(0, "a"), window(0, "a"), [2]int{0, 0}},
		{"equal groups", window(2, "a", "b"), window(2, "a", "b"), [2]int{0, 0}},
		{"b is odd", window(0, "a"), window(2, "a", "b"), [2]int{0, 2}},
		{"a is odd", window(2, "a", "b"), window(0, "a"), [2]int{2, 0}},
		{"a run that the other has too is not the odd one", window(2, "a", "b"), window(2, "a", "b", "c"), [2]int{0, 4}},
		{"the run that the verdict names", window(0, "a"), window(4, "a", "b", "c"), [2]int{0, 4}},
		{"runs without shadow tasks", window(0, "a"), without, [2]int{0, 2}},
		{"no verdict", window(0, "a"), &Window{}, [2]int{0, 0}},
	} {
		if got := runs(c.a, c.b); got != c.want {
			t.Errorf("%s: runs %v, want %v", c.name, got, c.want)
		}
	}
}

// TestAnswer says that nothing is equal unless everything was compared.
func TestAnswer(t *testing.T) {
	tick := int64(1)
	of := func(o events.Outcome) *Window { return &Window{Verdict: &events.Verdict{Outcome: o}} }
	running, own, partly := &Window{}, of(events.Fail), of(events.Fail)
	own.Verdict.Divergence = &events.Divergence{Location: events.Location{Kind: events.KindRestart}}
	partly.Verdict.Problems = []events.Problem{{Run: 1}}
	pass, fail, inconclusive := of(events.Pass), of(events.Fail), of(events.Inconclusive)
	for _, c := range []struct {
		name  string
		x, y  *Window
		asked Fact
		ticks *Differ
		want  Answer
	}{
		{"all is equal", pass, pass, Fact{"runs", "2", "2"}, &Differ{Compared: 4}, Equal},
		{"two fails that are equal", fail, fail, Fact{}, &Differ{Compared: 4}, Equal},
		{"another request", pass, pass, Fact{"runs", "2", "3"}, &Differ{Compared: 4}, Different},
		{"a tick", pass, pass, Fact{}, &Differ{Compared: 4, First: &tick}, Different},
		{"a tick, whatever is not known", running, pass, Fact{}, &Differ{Compared: 2, First: &tick}, Different},
		{"another outcome", pass, fail, Fact{}, &Differ{Compared: 4}, Different},
		{"another outcome, by a run alone", pass, own, Fact{}, &Differ{Compared: 4}, Different},
		{"runs that differ from their record", own, own, Fact{}, &Differ{Compared: 4}, Unknown},
		{"runs that could not be judged", fail, partly, Fact{}, &Differ{Compared: 4}, Unknown},
		{"a window without a verdict", running, running, Fact{}, &Differ{Compared: 4}, Unknown},
		{"one that could not be judged", pass, inconclusive, Fact{}, &Differ{Compared: 4}, Unknown},
		{"a tick is missing", pass, pass, Fact{}, &Differ{Compared: 3}, Unknown},
		{"no ticks", pass, pass, Fact{}, nil, Unknown},
	} {
		d := &Comparison{Outcome: Fact{"outcome", c.x.outcome(), c.y.outcome()}, Asked: &Asked{Facts: []Fact{c.asked}}, Ticks: c.ticks}
		if d.answer(c.x, c.y, 4); d.Answer != c.want || (d.Why != "") != (c.want == Unknown) {
			t.Errorf("%s: %s, %q", c.name, d.Answer, d.Why)
		}
	}
}
