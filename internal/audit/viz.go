package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

// The documents of ERS_VIZ follow from verdicts and frames: one run of each group is
// shown, a TrendPack a tick, and then the window's RunStability. They are made again
// here; trendpack.go and stability.go write them.

// shown is a window of which there are documents.
type shown struct {
	key       windowKey
	seq       uint64            // of its verdict
	verdict   *verdict          // nil: there is none that could be checked; and when all is shown
	runs      map[int]*shownRun // until all is shown
	lastPack  uint64
	stability uint64 // ERS_VIZ sequence of its RunStability, 0: there is none
	bad       bool   // said already
}

// shownRun is a run whose ticks are shown.
type shownRun struct {
	window *shown
	number int
	pull   func() (*wholePack, error, bool) // the ticks, from its frames; nil: not open
	stop   func()
	shown  int64
	over   bool // there is no more to compare it with, or something was found
}

// maxShownRuns is how many runs are read at the same time. A feed shows one after
// another.
const maxShownRuns = 16

// next returns the next tick of a run; nil: there is none. Of the runs that are open
// the oldest is closed when there are too many, and opened anew when it is needed.
func (r *shownRun) next(ctx context.Context, a *auditor) (*wholePack, error) {
	if r.pull == nil {
		r.pull, r.stop = iter.Pull2(a.packs(ctx, r.window, r.number))
		if a.shownRuns = append(a.shownRuns, r); len(a.shownRuns) > maxShownRuns {
			a.shownRuns[0].close(a)
		}
		for range r.shown {
			if _, err, more := r.pull(); err != nil || !more {
				return nil, err
			}
		}
	}
	pack, err, more := r.pull()
	if err != nil || !more {
		return nil, err
	}
	r.shown++
	return pack, nil
}

func (r *shownRun) close(a *auditor) {
	if r.pull != nil {
		r.stop()
		r.pull = nil
		a.shownRuns = slices.DeleteFunc(a.shownRuns, func(other *shownRun) bool { return other == r })
	}
}

// readViz reads the documents and makes each again.
func (a *auditor) readViz(ctx context.Context) error {
	windows := map[windowKey]*shown{}
	defer func() {
		for len(a.shownRuns) > 0 {
			a.shownRuns[0].close(a)
		}
	}()
	filters := []string{""}
	if a.Window > 0 {
		filters = []string{a.filter(events.TrendPackSubjects, 4), a.filter(events.StabilitySubjects, 4)}
	}
	last := uint64(0) // verdict up to which all is shown
	for _, filter := range filters {
		for m, err := range a.read(ctx, events.StreamViz, filter) {
			if err == nil {
				err = a.viz(ctx, m, windows)
			}
			if err != nil {
				return err
			}
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(windows), windowKey.compare) {
		if w := windows[key]; w.stability > 0 {
			last = max(last, w.seq)
		}
	}
	if a.Window > 0 {
		return nil
	}
	for _, key := range slices.SortedFunc(maps.Keys(a.verdicts), windowKey.compare) {
		v := a.verdicts[key]
		if w := windows[key]; v.digestSeq > 0 && v.seq < last && (w == nil || w.stability == 0) {
			a.report.add(Finding{Kind: Gap, Stream: events.StreamVerdict, Seq: v.seq, Pipeline: key.pipeline, Window: key.id, Run: -1, Tick: -1,
				Message: "the window has no RunStability on " + events.StreamViz + ", although later verdicts have"})
		}
	}
	return nil
}

// viz takes the next document.
func (a *auditor) viz(ctx context.Context, m bus.Message, windows map[windowKey]*shown) error {
	key, err := events.ParseTrendPackSubject(m.Subject)
	isPack := err == nil
	if !isPack {
		if key.Pipeline, key.Window, err = events.ParseStabilitySubject(m.Subject); err != nil {
			a.report.add(Finding{Kind: Contradiction, Stream: m.Stream, Seq: m.Seq, Run: -1, Tick: -1, Message: err.Error()})
			return nil
		}
		key.Run = -1
	}
	if a.isPruned(m, windowKey{key.Pipeline, key.Window}) {
		return nil
	}
	w, err := a.shownWindow(ctx, windowKey{key.Pipeline, key.Window}, windows)
	if err != nil {
		return err
	}
	found := func(kind Kind, tick int64, format string, args ...any) {
		a.report.add(Finding{Kind: kind, Stream: m.Stream, Seq: m.Seq, Pipeline: key.Pipeline, Window: key.Window, Run: key.Run, Tick: tick, Message: fmt.Sprintf(format, args...)})
	}
	switch {
	case w.bad:
	case w.stability > 0 && isPack:
		w.bad = true
		found(Repeat, -1, "a TrendPack behind the window's RunStability, %s %d", m.Stream, w.stability)
	case w.stability > 0:
		found(Repeat, -1, "the window has its RunStability already, %s %d", m.Stream, w.stability)
	case w.verdict == nil:
		w.bad = true
		found(Contradiction, -1, "a document of a window that has no verdict which could be checked")
	case isPack:
		w.lastPack = m.Seq
		return w.pack(ctx, a, m, key.Run, found)
	default:
		if w.stability = m.Seq; w.lastPack > m.Seq {
			found(Repeat, -1, "the window's TrendPacks go on behind its RunStability, up to %s %d", m.Stream, w.lastPack)
		}
		a.compareDocument(m, w.verdict.stability(m.Data), "the verdict", func(kind Kind, format string, args ...any) { found(kind, -1, format, args...) })
		return w.complete(ctx, a, found)
	}
	return nil
}

// shownWindow returns what is known of a window that is shown.
func (a *auditor) shownWindow(ctx context.Context, key windowKey, windows map[windowKey]*shown) (*shown, error) {
	if w := windows[key]; w != nil {
		return w, nil
	}
	w := &shown{key: key, runs: map[int]*shownRun{}}
	windows[key] = w
	if v := a.verdicts[key]; v != nil && v.digestSeq > 0 {
		m, found, err := a.get(ctx, events.StreamVerdict, v.seq)
		if err != nil {
			return nil, err
		}
		if found {
			w.seq = v.seq
			w.verdict, _ = readVerdict(m.Data) // it could be read before
		}
	}
	return w, nil
}

type finder func(kind Kind, tick int64, format string, args ...any)

// pack compares a TrendPack with the next tick of its run.
func (w *shown) pack(ctx context.Context, a *auditor, m bus.Message, number int, found finder) error {
	r := w.run(number)
	switch {
	case r == nil:
		found(Contradiction, -1, "a TrendPack of run %d, which is not the first of a group", number)
		w.runs[number] = &shownRun{over: true}
		return nil
	case r.over:
		return nil
	}
	tick, err := r.next(ctx, a)
	if err != nil {
		return err
	}
	if r.over = tick == nil; r.over {
		found(Repeat, -1, "a TrendPack behind those of the run's %d ticks", r.shown)
		return nil
	}
	if string(tick.full) == string(m.Data) {
		return nil
	}
	if cut, sha := tick.cut(); string(cut) == string(m.Data) && len(tick.full) > minCut {
		o, err := a.object(ctx, named{asOther, sha})
		if err == nil && o.fault != "" {
			found(Gap, tick.tick, "object %s, the whole document: %s", sha, o.fault)
		}
		return err
	}
	a.compareDocument(m, tick.full, "the frames", func(kind Kind, format string, args ...any) { found(kind, tick.tick, format, args...) })
	r.over = true
	return nil
}

// run returns the run of which a TrendPack comes; nil: none should.
func (w *shown) run(number int) *shownRun {
	r := w.runs[number]
	if r == nil && slices.ContainsFunc(w.verdict.Groups, func(g group) bool { return len(g.Runs) > 0 && g.Runs[0] == number }) {
		r = &shownRun{window: w, number: number}
		w.runs[number] = r
	}
	return r
}

// complete makes sure, at a window's RunStability, that its runs are shown to their end.
func (w *shown) complete(ctx context.Context, a *auditor, found finder) error {
	for _, g := range w.verdict.Groups {
		if len(g.Runs) == 0 {
			continue
		}
		r := w.run(g.Runs[0])
		if r.over {
			continue
		}
		tick, err := r.next(ctx, a)
		if err != nil {
			return err
		}
		if tick != nil {
			found(Gap, tick.tick, "there is no TrendPack of run %d from its %s tick on", g.Runs[0], ordinal(r.shown))
		}
	}
	for _, r := range w.runs {
		r.close(a)
	}
	w.verdict, w.runs = nil, nil
	return nil
}

// compareDocument finds where a document is not what comes out of what it was made from.
func (a *auditor) compareDocument(m bus.Message, want []byte, from string, found func(kind Kind, format string, args ...any)) {
	if string(m.Data) == string(want) {
		return
	}
	said, err := parseJSON(m.Data)
	if err == nil && canonical(said) != string(m.Data) {
		err = errors.New("its JSON is not canonical")
	}
	if err != nil {
		found(Contradiction, "a document that cannot be read: %v", err)
		return
	}
	is, err := parseJSON(want)
	if err != nil { // a text of tasks with NaN in its meta
		found(Difference, "it is not what is computed from %s", from)
		return
	}
	at, x, y, _ := firstDifference(said, is)
	found(Difference, "%s is %s, computed from %s it is %s", cmp.Or(at, "/"), show(x), from, show(y))
}
