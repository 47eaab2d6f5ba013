package compare

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// DefaultRuns is how many runs a window has unless it says otherwise.
const DefaultRuns = 12

// Runs makes n runs one after another by calling trace(0) to trace(n-1), and judges
// them; 0 means [DefaultRuns]. It is the gate of a Go program's own tests: no bus, no
// services.
//
// A run is its ticks in order. They follow each other without gap, and all runs begin
// at the same tick; a run with fewer ticks than others is judged as if the ticks that
// it lacks had no events. A tick without Results is compared by its events alone. An
// event without Meta has the meta {}, a result without Value the value null.
//
// The ticks of the first run of each group are kept until the end. The error is
// [ErrTooFewRuns], that of trace, or says what is wrong with the ticks it returned,
// with the number of the run. The verdict's Reproduce is empty.
func Runs(n int, trace func(run int) ([]events.Tick, error)) (events.Verdict, error) {
	if n == 0 {
		n = DefaultRuns
	}
	if n < events.MinRuns {
		return events.Verdict{}, fmt.Errorf("%d runs: %w", n, ErrTooFewRuns)
	}
	var last []events.Digest
	req := events.WindowRequest{Runs: n}
	kept := make(Memory)
	seen := make(map[events.Hashes]bool)
	for run := range n {
		ticks, err := trace(run)
		if err != nil {
			return events.Verdict{}, fmt.Errorf("run %d: %w", run, err)
		}
		if req.Ticks == 0 && len(ticks) > 0 {
			req.FirstTick = ticks[0].Tick
		}
		if ticks, err = complete(ticks, req.FirstTick); err != nil {
			return events.Verdict{}, fmt.Errorf("run %d: %w", run, err)
		}
		d, err := digest(run, ticks)
		if err != nil {
			return events.Verdict{}, fmt.Errorf("run %d: %w", run, err)
		}
		last = append(last, d)
		if !seen[d.Hashes] {
			seen[d.Hashes] = true
			kept[run] = ticks
		}
		req.Ticks = max(req.Ticks, int64(len(ticks)))
	}
	for i := range last {
		last[i].FirstTick, last[i].Ticks, last[i].Done = req.FirstTick, req.Ticks, req.Ticks
	}
	for run, ticks := range kept {
		for i := int64(len(ticks)); i < req.Ticks; i++ {
			ticks = append(ticks, events.Tick{Tick: req.FirstTick + i})
		}
		kept[run] = ticks
	}
	v, err := Judge(events.WindowKey{}, &req, last, kept)
	v.Reproduce = ""
	return v, err
}

// complete returns a copy of ticks with what may be left out filled in. trace may go
// on to reuse what it returned.
func complete(ticks []events.Tick, first int64) ([]events.Tick, error) {
	ticks = slices.Clone(ticks)
	for i := range ticks {
		t := &ticks[i]
		if want := first + int64(i); t.Tick != want {
			return nil, fmt.Errorf("the tick at index %d is tick %d: want %d", i, t.Tick, want)
		}
		t.Events, t.Results = slices.Clone(t.Events), slices.Clone(t.Results)
		if len(t.Results) == 0 {
			t.Results = make([]events.TaskResult, len(t.Events))
			for i, e := range t.Events {
				t.Results[i] = events.TaskResult{Name: e.Task, Lane: e.Lane, Status: e.Status}
			}
		}
		if len(t.Results) != len(t.Events) {
			return nil, fmt.Errorf("tick %d has %d events but %d results", t.Tick, len(t.Events), len(t.Results))
		}
		for i := range t.Events {
			if err := completeEvent(t.Tick, &t.Events[i], &t.Results[i]); err != nil {
				return nil, fmt.Errorf("tick %d, event %d: %w", t.Tick, i, err)
			}
		}
	}
	return ticks, nil
}

func completeEvent(tick int64, e *events.TraceEvent, r *events.TaskResult) error {
	e.Meta = cmp.Or(e.Meta, "{}")
	r.Value = cmp.Or(r.Value, canon.Null)
	_, laneErr := e.Lane.MarshalText()
	_, statusErr := e.Status.MarshalText()
	switch {
	case e.Tick != tick:
		return fmt.Errorf("it says that it is of tick %d", e.Tick)
	case e.Task != r.Name || e.Status != r.Status:
		return fmt.Errorf("the event of task %q (%s) stands beside the result of task %q (%s)", e.Task, e.Status, r.Name, r.Status)
	case !e.Meta.IsCanonical() || e.Meta.Kind() != canon.Object:
		return fmt.Errorf("meta of task %q: %.80q is not a canonical object: make it with canon.Of or canon.Parse", e.Task, e.Meta)
	case !r.Value.IsCanonical():
		return fmt.Errorf("value of task %q: %.80q is not canonical: make it with canon.Of or canon.Parse", e.Task, r.Value)
	}
	return cmp.Or(laneErr, statusErr)
}

// digest returns the digest of a complete run in memory.
func digest(run int, ticks []events.Tick) (events.Digest, error) {
	h := events.NewRunHash()
	for i := range ticks {
		if _, err := h.Add(&ticks[i]); err != nil {
			return events.Digest{}, err
		}
	}
	return events.Digest{
		Schema: events.DigestSchema, Scheme: canon.Scheme, Run: run,
		Events: h.Events(), Hashes: h.Sum(), Final: true,
	}, nil
}

// Memory is a [Source] of runs that are held in memory: the ticks of a run in order
// and without gap, by the run's index.
type Memory map[int][]events.Tick

// Complete implements [Source]: what is in memory is whole.
func (m Memory) Complete(int) error { return nil }

// Surroundings implements [Source]: none are kept in memory.
func (m Memory) Surroundings(int) (canon.Value, error) { return "", nil }

// Resumed implements [Source].
func (m Memory) Resumed(int) ([]canon.Value, error) { return nil, nil }

// TickDigests implements [Source]; it hashes as it goes.
func (m Memory) TickDigests(run int) iter.Seq2[events.TickDigest, error] {
	return func(yield func(events.TickDigest, error) bool) {
		h := events.NewRunHash()
		for i := range m[run] {
			t := &m[run][i]
			hashes, err := h.Add(t)
			d := events.TickDigest{Tick: t.Tick, Events: len(t.Events), Hashes: hashes}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// Ticks implements [Source].
func (m Memory) Ticks(run int) iter.Seq2[events.Tick, error] {
	return func(yield func(events.Tick, error) bool) {
		for i := range m[run] {
			if !yield(m[run][i], nil) {
				return
			}
		}
	}
}

// Tick implements [Source].
func (m Memory) Tick(run int, d events.TickDigest) (events.Tick, error) {
	i, ok := slices.BinarySearchFunc(m[run], d.Tick, func(t events.Tick, tick int64) int { return cmp.Compare(t.Tick, tick) })
	if !ok {
		return events.Tick{}, fmt.Errorf("run %d has no tick %d in memory", run, d.Tick)
	}
	return m[run][i], nil
}

// Object implements [Source]: there are none.
func (m Memory) Object(string) (io.ReadCloser, error) { return nil, events.ErrNotFound }
