package audit

import (
	"cmp"
	"context"
	"iter"
	"strings"

	"abraxas.dev/ers/pkg/events"
)

// maxPointer is the longest pointer of a verdict, in bytes.
const maxPointer = 2 << 10

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
		for m, err := range j.a.part(ctx, events.StreamDigest, events.DigestSubject(key), 1, j.said.DigestSeq) {
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
