package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"

	"abraxas.dev/ers/pkg/events"
)

// around is how many events a verdict shows before a difference and after it.
const around = 3

// maxShown is the longest text that a verdict shows whole, in bytes.
const maxShown = 16 << 10

// maxPointer is the longest pointer of a verdict, in bytes.
const maxPointer = 2 << 10

// maxExplained is the number of groups, the largest first, of which a verdict says where
// they differ. Of the others it says so where that is earlier than all before.
const maxExplained = 16

// explain looks up where the groups differ from the first, and sets what the verdict
// must say of it.
func (j *judgement) explain(ctx context.Context) error {
	w := j.want
	shadow, interferes := w.interference()
	for i := 1; i < len(w.Groups); i++ {
		g := &w.Groups[i]
		against := w.heldAgainst(g)
		if g.agrees(against) {
			continue
		}
		limit := int64(math.MaxInt64)
		if i > maxExplained && w.Divergence != nil {
			limit = w.Divergence.Tick // a later difference changes nothing
		}
		j.laneAlone = g.made != against.made
		d, err := j.divergence(ctx, against.Runs[0], g.Runs, limit)
		if errors.Is(err, errNotShown) {
			j.takeExplanation()
			return nil
		}
		if err != nil {
			return err
		}
		if d == nil {
			continue
		}
		if j.laneAlone && interferes {
			d.Kind, d.Shadow = "interference", shadow
		}
		first := w.Divergence == nil || d.earlier(w.Divergence)
		if first {
			w.Divergence = d
		}
		if first || i <= maxExplained {
			at := d.location
			g.Differs = &at
		}
	}
	return nil
}

// earlier orders divergences by place, then by lowest run.
func (d *divergence) earlier(other *divergence) bool {
	return cmp.Or(cmp.Compare(d.Tick, other.Tick), d.EventIndex-other.EventIndex, d.Runs[0]-other.Runs[0]) < 0
}

// explainOwn takes in the differences with which runs ended: the earliest counts.
func (j *judgement) explainOwn() {
	for number := range j.request.Runs {
		r := j.runs[number]
		if r == nil || r.final == nil || r.final.Difference == nil || j.isBroken(r) {
			continue
		}
		own := r.final.Difference
		show := func(tree any) side {
			s := side{Run: number, Present: tree != (missing{}), After: []any{}}
			if s.Present {
				s.Canonical, s.Value = canonical(tree), tree
			}
			return s
		}
		d := &divergence{location: location{Kind: own.Kind, Tick: own.Tick, EventIndex: own.EventIndex, Task: own.Task, Pointer: own.Pointer},
			Runs: []int{number}, Before: []any{}, Expected: show(own.Expected), Found: show(own.Found)}
		if own.Pointer == "/value" && outputOf(own.Expected) != nil && outputOf(own.Found) != nil { // it is told to the place in it
			if at, x, y, differ := differenceWithin(maxPointer-len(own.Pointer), own.Expected, own.Found); differ {
				d.Pointer, d.Expected, d.Found = own.Pointer+at, show(x), show(y)
				d.values = [2]any{own.Expected, own.Found}
			}
		}
		if j.want.Divergence == nil || d.earlier(j.want.Divergence) {
			j.want.Divergence = d
		}
	}
}

// allow takes over how the verdict shows both sides, where it may.
func (j *judgement) allow() {
	if said := j.said.Divergence; said != nil && j.want.Divergence != nil {
		j.want.Divergence.Expected.allow(&said.Expected)
		j.want.Divergence.Found.allow(&said.Found)
	}
}

// errNotShown says that groups differ by their hashes, and nothing shows where: that is
// a finding.
var errNotShown = errors.New("the difference is nowhere to be seen")

// explainLatch is the divergence of runs that agree, but not with the latch.
func (j *judgement) explainLatch() {
	w := j.want
	end := func(hash string) side {
		return side{Run: 0, Present: true, Canonical: canonical(hash), Value: hash, After: []any{}}
	}
	pointer, accepted, found := "/trace_sha256", w.Latch.Trace, w.ExpectedHash
	if accepted == found {
		pointer, accepted, found = "/result_sha256", w.Latch.Result, w.ExpectedResultHash
	}
	w.Divergence = &divergence{location: location{Kind: "latch", Tick: w.FirstTick, Pointer: pointer}, Runs: w.Groups[0].Runs, Before: []any{},
		Expected: end(accepted), Found: end(found)}
}

// divergence finds the first difference between a run and the first of others. It is
// nil when there is none up to tick limit.
func (j *judgement) divergence(ctx context.Context, reference int, others []int, limit int64) (*divergence, error) {
	da, db, from, err := j.firstTick(ctx, reference, others[0], limit)
	if err != nil || from == 0 {
		return nil, err
	}
	a, err := j.excerpt(ctx, reference, from, da.Tick)
	if err != nil {
		return nil, err
	}
	b, err := j.excerpt(ctx, others[0], db.FirstSeq, da.Tick)
	if err != nil {
		return nil, err
	}
	at, x, y, ok := classify(a.here, b.here)
	if !ok {
		j.found(Contradiction, "runs %d and %d have other hashes at tick %d, but the same events and results", reference, others[0], da.Tick)
		return nil, errNotShown
	}
	at.Tick = da.Tick
	before := a.before
	for _, p := range a.here[:at.EventIndex] {
		before = append(before, p.event)
	}
	d := &divergence{
		location: at, Runs: others, Before: before[max(0, len(before)-around):],
		Expected: a.side(reference, at.EventIndex, x, at.Kind != string(events.KindExtra)),
		Found:    b.side(others[0], at.EventIndex, y, at.Kind != string(events.KindMissing)),
	}
	if strings.HasPrefix(at.Pointer, "/value/") {
		d.values = [2]any{a.here[at.EventIndex].result["value"], b.here[at.EventIndex].result["value"]}
	}
	return d, nil
}

// firstTick walks the digests of two runs to the first tick whose hashes differ. from
// is the frame of run a from which on the events before that tick are to be read; it
// is 0 when the ticks up to limit do not differ.
func (j *judgement) firstTick(ctx context.Context, a, b int, limit int64) (da, db tickDigest, from uint64, err error) {
	nextA, stopA := iter.Pull2(j.covers(ctx, a))
	defer stopA()
	nextB, stopB := iter.Pull2(j.covers(ctx, b))
	defer stopB()
	var passed []uint64 // first frames of the last ticks that have events
	for {
		da, errA, okA := nextA()
		db, errB, okB := nextB()
		switch {
		case errA != nil || errB != nil:
			return da, db, 0, cmp.Or(errA, errB)
		case !okA || !okB:
			j.found(Contradiction, "runs %d and %d have other hashes, but none of their ticks has", a, b)
			return da, db, 0, errNotShown
		case da.Tick > limit:
			return da, db, 0, nil
		case !j.equal(da.hashes, db.hashes):
			return da, db, append(passed, da.FirstSeq)[0], nil
		}
		if da.Events > 0 {
			passed = append(passed, da.FirstSeq)
			passed = passed[max(0, len(passed)-around):]
		}
	}
}

// equal tells whether two ticks are, in what is compared of them.
func (j *judgement) equal(a, b hashes) bool {
	if j.laneAlone {
		return a.Forecast == b.Forecast && a.ForecastResult == b.ForecastResult
	}
	return a == b
}

// covers yields the ticks of a run as its digests have them.
func (j *judgement) covers(ctx context.Context, number int) iter.Seq2[tickDigest, error] {
	return func(yield func(tickDigest, error) bool) {
		key := j.runs[number].key
		for m, err := range j.a.bus.Read(ctx, events.StreamDigest, events.DigestSubject(key), 1, j.said.DigestSeq) {
			var d *digest
			if err == nil {
				d, err = readDigest(m.Data, key)
			}
			if err != nil {
				yield(tickDigest{}, err)
				return
			}
			for _, t := range d.Covers {
				if !yield(t, nil) {
					return
				}
			}
		}
	}
}

// pair is an event and what its task returned.
type pair struct{ event, result map[string]any }

// excerpt is a tick of a run with up to three events before and after it.
type excerpt struct {
	before []any
	here   []pair
	after  []any
}

// excerpt reads the frames around a tick, from a frame of an earlier tick on.
func (j *judgement) excerpt(ctx context.Context, number int, from uint64, tick int64) (*excerpt, error) {
	x, r := &excerpt{before: []any{}}, j.runs[number]
	for m, err := range j.a.bus.Read(ctx, events.StreamTrace, events.TraceSubject(r.key), from, r.coveredSeq) {
		if err != nil {
			return nil, err
		}
		at, list, err := readTrees(m.Data)
		if err != nil {
			return nil, fmt.Errorf("%s %d, which was good before: %w", m.Stream, m.Seq, err)
		}
		for _, p := range list {
			switch {
			case j.laneAlone && p.event["lane"] != "forecast":
			case at < tick:
				x.before = append(x.before, p.event)
				x.before = x.before[max(0, len(x.before)-around):]
			case at == tick:
				x.here = append(x.here, p)
			case len(x.after) < around:
				x.after = append(x.after, p.event)
			}
		}
		if len(x.after) == around {
			break
		}
	}
	return x, nil
}

// side is what the verdict must show of a run: what stands at the place of the
// difference, the event there if this run has it, and those after it.
func (x *excerpt) side(run, index int, at any, has bool) side {
	s := side{Run: run, Present: at != (missing{}), After: []any{}}
	if s.Present {
		s.Canonical, s.Value = canonical(at), at
	}
	rest := x.here[index:]
	if has {
		s.Event = rest[0].event
		s.Error, _ = rest[0].result["error"].(string)
		rest = rest[1:]
	}
	for _, p := range rest {
		s.After = append(s.After, p.event)
	}
	s.After = append(s.After, x.after...)
	s.After = s.After[:min(len(s.After), around)]
	return s
}

// allow takes over how a verdict shows a side, where it may: a long text is cut, and
// a value that JSON has not, or that is cut or nested too deep, is null.
func (s *side) allow(said *side) {
	full := s.Canonical
	deep := strings.Count(full, "[")+strings.Count(full, "{") > maxDepth-10
	if said.Value == nil && (len(full) > maxShown || deep || !isJSON(s.Value)) {
		s.Value = nil
	}
	s.Canonical, s.Error = excerptOf(full, said.Canonical), excerptOf(s.Error, said.Error)
}

// excerptOf returns shown if it may stand for a text, else the text.
func excerptOf(text, shown string) string {
	if len(text) > maxShown && len(shown) <= maxShown && strings.Contains(text, strings.Trim(shown, "…")) {
		return shown
	}
	return text
}

// isJSON tells whether a tree holds nothing that JSON has no form for.
func isJSON(tree any) bool {
	_, err := treeOf(tree)
	return err == nil
}

// whole is the object that pointers lead into: an event with value and error.
func (p pair) whole() map[string]any {
	all := map[string]any{"value": p.result["value"], "error": p.result["error"]}
	for name, v := range p.event {
		all[name] = v
	}
	return all
}

// classify says where two ticks first differ, in what, and what stands there. ok is
// false when they do not differ.
func classify(a, b []pair) (at location, x, y any, ok bool) {
	i := 0
	for i < min(len(a), len(b)) && canonical(a[i].whole()) == canonical(b[i].whole()) {
		i++
	}
	a, b = a[i:], b[i:]
	at.EventIndex = i
	if len(a)+len(b) == 0 {
		return at, nil, nil, false
	}
	// An event that one side has and the other has not, now or later in the tick.
	if len(a) == 0 || len(b) == 0 || a[0].event["task"] != b[0].event["task"] {
		if len(b) > 0 && more(b, a) {
			at.Kind, at.Task = string(events.KindExtra), b[0].event["task"].(string)
			return at, missing{}, b[0].whole(), true
		}
		if len(a) > 0 && more(a, b) {
			at.Kind, at.Task = string(events.KindMissing), a[0].event["task"].(string)
			return at, a[0].whole(), missing{}, true
		}
	}
	at.Task = a[0].event["task"].(string)
	wholeA, wholeB := a[0].whole(), b[0].whole()
	for _, f := range [...]struct {
		name string
		kind events.DivergenceKind
	}{
		{"task", events.KindOrder}, {"lane", events.KindOrder}, {"status", events.KindStatus},
		{"cost_ops", events.KindCost}, {"cost_entropy", events.KindCost},
		{"meta", events.KindMeta}, {"value", events.KindValue}, {"error", events.KindError},
	} {
		if at.Pointer, x, y, ok = differenceWithin(maxPointer-len("/"+f.name), wholeA[f.name], wholeB[f.name]); ok {
			at.Kind, at.Pointer = string(f.kind), "/"+f.name+at.Pointer
			if (f.name == "meta" || f.name == "value") && x != (missing{}) && y != (missing{}) && kindOf(x) != kindOf(y) {
				at.Kind = string(events.KindType)
			}
			return at, x, y, true
		}
	}
	return at, nil, nil, false // the tick alone is left, which is the same
}

// more tells whether the first task of a stands in a more often than in b.
func more(a, b []pair) bool {
	count := func(list []pair) (n int) {
		for _, p := range list {
			if p.event["task"] == a[0].event["task"] {
				n++
			}
		}
		return n
	}
	return count(a) > count(b)
}
