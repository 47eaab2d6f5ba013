package compare

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program/command"
)

// around is how many events are shown before a difference, and after it on each side.
const around = 3

// examiner looks up where the runs of a window differ.
type examiner struct {
	req *events.WindowRequest
	src Source

	forecast bool // only the forecast lane is compared: the two runs are not made alike

	// What a task returned on both sides of the divergence that was found last, and of the
	// one that is shown.
	last, shown [2]canon.Value
}

// explain sets Differs of the outlier groups, and Divergence to the earliest of all.
func (x *examiner) explain(v *events.Verdict) error {
	shadow, interferes := interference(v)
	for i := 1; i < len(v.Groups); i++ {
		g, ref := &v.Groups[i], &v.Groups[reference(v, i)]
		if !differ(v, ref, g) {
			continue
		}
		limit := x.req.FirstTick + x.ticks() - 1
		if i > MaxExplained && v.Divergence != nil {
			limit = v.Divergence.Tick // a later difference changes nothing
		}
		x.forecast = made(v, ref) != made(v, g)
		d, err := x.divergence(ref.Runs[0], g.Runs, limit)
		if err != nil {
			return err
		}
		if d == nil {
			continue
		}
		if x.forecast && interferes {
			d.Kind, d.Shadow = events.KindInterference, shadow
		}
		first := v.Divergence == nil || earlier(d, v.Divergence) < 0
		if first {
			v.Divergence, x.shown = d, x.last
		}
		if first || i <= MaxExplained {
			location := d.Location
			g.Differs = &location
		}
	}
	return nil
}

// explainContent says where the contents of a command's value differ, when it is they that
// do. Objects that are not there leave it open: that two runs differ is shown without.
func (x *examiner) explainContent(d *events.Divergence) (err error) {
	if x.shown[0] == "" || !strings.HasPrefix(d.Pointer, valuePointer+"/") {
		return nil
	}
	d.Content, err = command.Explain(x.shown[0], x.shown[1], strings.TrimPrefix(d.Pointer, valuePointer), x.src.Object)
	if errors.Is(err, events.ErrNotFound) || errors.Is(err, events.ErrDamaged) {
		return nil
	}
	return err
}

// ticks is the most ticks that a run of the window can have.
func (x *examiner) ticks() int64 {
	if x.req.Ticks == 0 { // open
		return math.MaxInt64 - x.req.FirstTick
	}
	return x.req.Ticks
}

// ownDifferences takes in the differences with which runs ended: the earliest counts.
func (x *examiner) ownDifferences(v *events.Verdict, last []events.Digest) {
	for run := range last {
		d := last[run].Difference
		if d == nil || !last[run].Final || last[run].Request != v.Request {
			continue
		}
		pointer, expected, found, shown := d.Pointer, d.Expected, d.Found, [2]canon.Value{}
		if pointer == valuePointer && areOutputs(expected, found) {
			shown = [2]canon.Value{expected, found}
			pointer, expected, found = canon.FirstDifference(valuePointer, expected, found, events.MaxPointer)
		}
		own := &events.Divergence{
			Location: events.Location{Kind: d.Kind, Tick: d.Tick, EventIndex: d.EventIndex, Task: d.Task, Pointer: pointer},
			Runs:     []int{run},
			Before:   []events.TraceEvent{},
			Expected: newSide(run, expected, found),
			Found:    newSide(run, found, expected),
		}
		if v.Divergence == nil || earlier(own, v.Divergence) < 0 {
			v.Divergence, x.shown = own, shown
		}
	}
}

// earlier orders divergences by place, then by lowest run.
func earlier(a, b *events.Divergence) int {
	return cmp.Or(cmp.Compare(a.Tick, b.Tick), cmp.Compare(a.EventIndex, b.EventIndex), cmp.Compare(a.Runs[0], b.Runs[0]))
}

// divergence walks the reference and the lowest of runs side by side, up to the
// first tick that differs, in memory that does not grow. It returns nil when the runs
// are equal up to tick limit, which is not their last.
func (x *examiner) divergence(reference int, runs []int, limit int64) (*events.Divergence, error) {
	a, b := x.open(reference), x.open(runs[0])
	defer a.stop()
	defer b.stop()
	var passed []events.TickDigest // the last ticks that were equal and have events
	last := x.req.FirstTick + x.ticks() - 1
	for tick := x.req.FirstTick; tick <= limit; tick++ {
		da, err := a.next()
		if err != nil {
			return nil, err
		}
		db, err := b.next()
		if err != nil {
			return nil, err
		}
		if !x.equal(&da, &db) {
			return x.explainTick(a, b, da, db, passed, runs)
		}
		if da.Events > 0 {
			if len(passed) == around {
				passed = slices.Delete(passed, 0, 1)
			}
			passed = append(passed, da)
		}
	}
	if limit < last {
		return nil, nil
	}
	return nil, contradict(runs[0], events.StreamDigest, 0, "the digests of runs %d and %d differ, but those of their ticks do not", reference, runs[0])
}

// equal tells whether two ticks are, in what is compared of them.
func (x *examiner) equal(a, b *events.TickDigest) bool {
	if x.forecast {
		return a.Forecast == b.Forecast && a.ForecastResult == b.ForecastResult
	}
	return a.Hashes == b.Hashes
}

// explainTick explains the tick that da and db are about. passed are the ticks before
// it in run a.
func (x *examiner) explainTick(a, b *cursor, da, db events.TickDigest, passed []events.TickDigest, runs []int) (*events.Divergence, error) {
	ta, err := a.load(da)
	if err != nil {
		return nil, err
	}
	tb, err := b.load(db)
	if err != nil {
		return nil, err
	}
	p, err := classify(&ta, &tb)
	if err != nil {
		return nil, contradict(b.run, events.StreamTrace, db.FirstSeq, "tick %d of runs %d and %d: %v", da.Tick, a.run, b.run, err)
	}
	d := &events.Divergence{
		Location: events.Location{Kind: p.kind, Tick: da.Tick, EventIndex: p.index, Task: p.task, Pointer: p.pointer},
		Runs:     runs,
		Expected: newSide(a.run, p.expected, p.found),
		Found:    newSide(b.run, p.found, p.expected),
	}
	d.Expected.Error, d.Found.Error = errorTexts(&ta, &tb, &p)
	if strings.HasPrefix(p.pointer, "/value/") {
		x.last = [2]canon.Value{ta.Results[p.index].Value, tb.Results[p.index].Value}
	}
	if d.Before, err = a.before(passed, ta.Events[:p.index]); err != nil {
		return nil, err
	}
	if err := a.after(&d.Expected, ta.Events[p.index:], p.kind == events.KindExtra); err != nil {
		return nil, err
	}
	if err := b.after(&d.Found, tb.Events[p.index:], p.kind == events.KindMissing); err != nil {
		return nil, err
	}
	return d, nil
}

// errorTexts returns the error texts beside the events at a place, cut if need be.
func errorTexts(a, b *events.Tick, p *place) (expected, found string) {
	if p.kind != events.KindExtra {
		expected = a.Results[p.index].Error
	}
	if p.kind != events.KindMissing {
		found = b.Results[p.index].Error
	}
	return cut(expected, found), cut(found, expected)
}

// explainLatch explains runs that agree with each other but not with the latch: by the
// trace hash or, where that is the accepted one, by the result hash.
func explainLatch(v *events.Verdict) error {
	pointer, accepted, found := "/trace_sha256", v.Latch.Trace, v.ExpectedHash
	if accepted == found {
		pointer, accepted, found = "/result_sha256", v.Latch.Result, v.ExpectedResultHash
	}
	want, err := canon.Of(accepted)
	if err != nil {
		return fmt.Errorf("latch: %w", err)
	}
	got, err := canon.Of(found)
	if err != nil {
		return fmt.Errorf("%s: %w", pointer, err)
	}
	v.Divergence = &events.Divergence{
		Location: events.Location{Kind: events.KindLatch, Tick: v.FirstTick, Pointer: pointer},
		Runs:     v.Groups[0].Runs,
		Before:   []events.TraceEvent{},
		Expected: newSide(0, want, got),
		Found:    newSide(0, got, want),
	}
	return nil
}
