package audit

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// window is a window of which messages were read and whose verdict is to be checked.
type window struct {
	a       *auditor
	key     windowKey
	request *request // nil when there is no such window, and fault says why
	fault   string

	tasks    []planned           // of the definition; nil: it cannot be told
	contexts int64               // how many there are, likewise
	ruled    map[string]*planned // of the tasks, those that run commands or have rules
	runs     map[int]*run
	due      bool // the digest was read that completes it according to its verdict
	count    counts
}

// counts go into the report once a window is done.
type counts struct{ Ticks, Events, Frames, Skipped, Digests int64 }

// runOf returns the run that a message belongs to.
func (a *auditor) runOf(ctx context.Context, key events.RunKey, m bus.Message) (*run, error) {
	k := windowKey{key.Pipeline, key.Window}
	w := a.windows[k]
	if w == nil {
		w = &window{a: a, key: k, runs: map[int]*run{}}
		if err := w.load(ctx); err != nil {
			return nil, err
		}
		a.windows[k] = w
	}
	r := w.runs[key.Run]
	if r != nil {
		return r, nil
	}
	r = newRun(w, key.Run)
	w.runs[key.Run] = r
	switch {
	case w.request == nil:
		r.hold(Contradiction, m.Stream, m.Seq, -1, "a message of a window that is none: %s", w.fault)
	case key.Run >= w.request.Runs:
		r.hold(Contradiction, m.Stream, m.Seq, -1, "a message of run %d, but the window has runs 0 to %d", key.Run, w.request.Runs-1)
	}
	return r, nil
}

// load reads what was requested.
func (w *window) load(ctx context.Context) error {
	m, found, err := w.a.get(ctx, events.StreamWindow, w.key.id)
	if err != nil {
		return err
	}
	if !found {
		w.fault = fmt.Sprintf("%s has no message %d", events.StreamWindow, w.key.id)
		return nil
	}
	if m.Subject == events.VoidSubject {
		w.fault = fmt.Sprintf("the request of window %d was lost, a repair says", m.Seq)
		return nil
	}
	q, err := readRequest(m)
	switch {
	case err != nil:
		w.fault = fmt.Sprintf("%s %d: %v", m.Stream, m.Seq, err)
	case q.Pipeline != w.key.pipeline:
		w.fault = fmt.Sprintf("window %d is one of pipeline %s", m.Seq, q.Pipeline)
	default:
		w.request = q
		return w.loadPlan(ctx)
	}
	return nil
}

func readRequest(m bus.Message) (*request, error) {
	q := new(request)
	_, err := readDocument(m.Data, events.WindowSchema, q)
	if err == nil {
		err = q.check()
	}
	if err == nil && m.Subject != events.WindowSubject(q.Kind, q.Pipeline) {
		err = fmt.Errorf("it is on %s, its pipeline's subject is %s", m.Subject, events.WindowSubject(q.Kind, q.Pipeline))
	}
	if err != nil {
		return nil, fmt.Errorf("a window request that cannot be run: %w", err)
	}
	q.sha256 = shaOf(m.Data)
	return q, nil
}

// close puts what was found of a window into the report and forgets the window.
func (a *auditor) close(w *window) {
	rep := a.report
	for _, number := range slices.Sorted(maps.Keys(w.runs)) {
		r := w.runs[number]
		for _, f := range r.held {
			rep.add(f)
		}
		rep.New += r.more
		if p := r.past(); p != (past{}) {
			a.past[r.key] = p
		}
		a.waiting -= len(r.pending)
	}
	rep.Runs += int64(len(w.runs))
	rep.Ticks += w.count.Ticks
	rep.Events += w.count.Events
	rep.Frames += w.count.Frames
	rep.Skipped += w.count.Skipped
	rep.Digests += w.count.Digests
	delete(a.windows, w.key)
}

// readWindows reads the window requests, and says of those without a verdict how far
// they are.
func (a *auditor) readWindows(ctx context.Context) error {
	requests := a.read(ctx, events.StreamWindow, "")
	if a.Window > 0 {
		requests = a.readOne(ctx, events.StreamWindow, a.Window)
	}
	for m, err := range requests {
		if err != nil {
			return err
		}
		if is, err := a.control(ctx, m); err != nil {
			return err
		} else if is {
			continue
		}
		a.report.Windows++
		q, err := readRequest(m)
		if err != nil {
			a.report.add(Finding{Kind: Contradiction, Stream: m.Stream, Seq: m.Seq, Window: m.Seq, Run: -1, Tick: -1, Message: err.Error()})
			continue
		}
		if err := a.checkAfter(ctx, m.Seq, q); err != nil {
			return err
		}
		if a.pruned[windowKey{q.Pipeline, m.Seq}] != nil {
			continue
		}
		if err := a.checkObjects(ctx, m.Seq, q); err != nil {
			return err
		}
		a.endWindow(windowKey{q.Pipeline, m.Seq}, q)
	}
	// What is left are windows that nobody requested.
	for _, w := range slices.SortedFunc(maps.Values(a.windows), compareWindows) {
		a.close(w)
	}
	return nil
}

// readOne yields one message, or none when it does not exist.
func (a *auditor) readOne(ctx context.Context, stream string, seq uint64) iter.Seq2[bus.Message, error] {
	return func(yield func(bus.Message, error) bool) {
		if m, found, err := a.get(ctx, stream, seq); found || err != nil {
			yield(m, err)
		}
	}
}

// endWindow says how far a window is that has no verdict, or that has one which was
// never due.
func (a *auditor) endWindow(key windowKey, q *request) {
	if a.judged[key] {
		return
	}
	w := a.windows[key]
	if w == nil {
		w = &window{a: a, key: key, request: q}
	}
	defer a.close(w)
	completed, forgotten := w.completed(), false
	for _, number := range slices.Sorted(maps.Keys(w.runs)) {
		r := w.runs[number]
		if seq, tick := r.uncovered(); seq > 0 && seq <= a.lowWater && !a.isOpen(r, seq) {
			forgotten = true
			r.hold(Gap, events.StreamTrace, seq, tick, "in no digest, although %s says that every frame up to there and beyond is", events.StreamDigest)
		}
	}
	switch {
	case a.verdicts[key] != nil || forgotten:
	case completed > 0 && completed <= a.gateAt:
		a.report.add(Finding{Kind: Gap, Stream: events.StreamDigest, Seq: completed, Pipeline: key.pipeline, Window: key.id, Run: -1, Tick: -1,
			Message: "the window is complete with this digest and has no verdict, although the gate has gone on to later ones"})
	default:
		a.report.addUnjudged(Unjudged{Pipeline: key.pipeline, Window: key.id, Message: w.state()})
	}
}

// isOpen tells whether the digest with the low water mark says that the tick which
// begins with a frame has not ended.
func (a *auditor) isOpen(r *run, seq uint64) bool {
	return slices.Contains(a.open, openTick{r.key.Pipeline, r.key.Window, r.key.Run, seq})
}

// completed returns the digest with which the last run of a window came to its end;
// 0 when some run has not.
func (w *window) completed() (seq uint64) {
	for run := range w.request.Runs {
		r := w.runs[run]
		if r == nil || r.final == nil {
			return 0
		}
		seq = max(seq, r.finalSeq)
	}
	return seq
}

// state says how far a window without a verdict is.
func (w *window) state() string {
	begun, whole, sealed := 0, 0, 0
	behind := ""
	for number := range w.request.Runs {
		r := w.runs[number]
		if r == nil {
			continue
		}
		begun++
		switch {
		case r.final != nil:
			sealed++
		case r.broken > 0 || r.isOver():
			whole++
		case behind == "":
			behind = fmt.Sprintf("run %d has %d of %d ticks", number, r.hashed, w.request.Ticks)
			if w.request.Ticks == 0 {
				behind = fmt.Sprintf("run %d has %d ticks, and no end yet", number, r.hashed)
			}
		}
	}
	switch runs := w.request.Runs; {
	case begun == 0:
		return "no run has begun; is a coordinator running?"
	case behind != "":
		return fmt.Sprintf("%d of %d runs have begun, %s; is a coordinator running?", begun, runs, behind)
	case begun < runs:
		return fmt.Sprintf("%d of %d runs have begun; is a coordinator running?", begun, runs)
	case whole > 0:
		return fmt.Sprintf("every run is in the trace, %d of %d have their last digest; is a hasher running?", sealed, runs)
	}
	return "every run has its last digest; is a gate running?"
}
