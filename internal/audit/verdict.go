package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"abraxas.dev/ers/pkg/events"
)

// judgement is one verdict that is made again.
type judgement struct {
	*window
	seq  uint64
	said *verdict
	want *verdict

	laneAlone bool // two runs are compared that are not made alike: in the forecast lane
}

// judgeIfDue checks the verdict of a window whose digests were all read, and closes
// the window.
func (a *auditor) judgeIfDue(ctx context.Context, w *window) error {
	if w == nil || !w.due {
		return nil
	}
	m, err := a.bus.Get(ctx, events.StreamVerdict, a.verdicts[w.key].seq)
	if err != nil {
		return err
	}
	said, err := readVerdict(m.Data)
	if err != nil {
		return err // it could be read before
	}
	j := &judgement{window: w, seq: m.Seq, said: said}
	if w.request == nil {
		j.found(Contradiction, "a verdict on a window that is none: %s", w.fault)
	} else if err := j.check(ctx); err != nil {
		return err
	}
	switch said.Outcome {
	case events.Pass:
		a.report.Pass++
	case events.Fail:
		a.report.Fail++
	default:
		a.report.Inconclusive++
	}
	a.judged[w.key] = true
	a.close(w)
	return nil
}

func (j *judgement) found(kind Kind, format string, args ...any) {
	j.a.report.add(Finding{Kind: kind, Stream: events.StreamVerdict, Seq: j.seq, Pipeline: j.key.pipeline, Window: j.key.id, Run: -1, Tick: -1, Message: fmt.Sprintf(format, args...)})
}

// check makes the verdict again from the last digests and compares.
func (j *judgement) check(ctx context.Context) error {
	q, said := j.request, j.said
	j.want = &verdict{
		Schema: events.VerdictSchema, Scheme: scheme, Kind: q.Kind, Pipeline: j.key.pipeline, Window: j.key.id, Request: q.sha256, Case: q.caseOf(),
		DefinitionSHA256: q.DefinitionSHA256, ContextsSHA256: q.ContextsSHA256,
		Runs: q.Runs, FirstTick: q.FirstTick, Ticks: q.Ticks, FirstRun: q.FirstRun, Numbers: q.Numbers, Variations: q.Variations, Fixed: q.Fixed, Spread: q.Spread, RunGroups: q.Groups, Latch: q.Latch, Drill: q.Drill, Probe: q.Probe,
		Reproduce: cmp.Or(q.Reproduce, fmt.Sprintf("ers submit --window %d", j.key.id)),
		Hashes:    make([]string, q.Runs), ResultHashes: make([]string, q.Runs), Groups: []group{}, Outliers: []int{},
	}
	if said.Outcome == events.Inconclusive && len(said.Problems) == 0 || said.Outcome == events.Pass && len(said.Problems) > 0 || (said.Outcome == events.Fail) != (said.Divergence != nil) {
		j.found(Contradiction, "a verdict of %s with %d problems, and with a divergence: %v", said.Outcome, len(said.Problems), said.Divergence != nil)
	}
	sealed := j.judgeable()
	j.group(sealed)
	j.notVaried(sealed)
	j.machines(sealed)
	if err := j.decide(ctx); err != nil {
		return err
	}
	j.allow()
	if err := j.explainContent(ctx); err != nil {
		return err
	}
	if j.seq <= q.After.Verdict && !j.a.lost(events.StreamVerdict, q.After.Verdict, j.key.id) {
		j.found(Contradiction, "the window was requested when %s ended with %d", events.StreamVerdict, q.After.Verdict)
	}
	saidTree, err := treeOf(said)
	if err != nil {
		return err
	}
	wantTree, err := treeOf(j.want)
	if err != nil {
		j.found(Difference, "what it should say cannot be written: %v", err)
		return nil
	}
	saidFields, wantFields := saidTree.(map[string]any), wantTree.(map[string]any)
	for _, name := range names(saidFields, wantFields) {
		if at, x, y, differ := firstDifference(member(saidFields, name), member(wantFields, name)); differ {
			j.found(Difference, "/%s%s is %s, computed again it is %s", name, at, show(x), show(y))
		}
	}
	return nil
}

// judgeable returns the runs that the verdict can compare, and sets their hashes. The
// others must be among the verdict's problems, and no run else.
func (j *judgement) judgeable() (sealed []int) {
	named := map[int]problem{}
	for _, p := range j.said.Problems {
		if _, again := named[p.Run]; again || p.Run < 0 || p.Run >= j.request.Runs {
			j.found(Difference, "it has a problem of run %d too many", p.Run)
		}
		named[p.Run] = p
	}
	for number := range j.request.Runs {
		p, isNamed := named[number]
		r := j.runs[number]
		if r == nil || r.final == nil {
			j.found(Difference, "it was made before run %d had its last digest", number)
			continue
		}
		d := r.final
		if j.isBroken(r) {
			if !isNamed {
				j.found(Difference, "it does not say that run %d cannot be judged, as its last digest does (%s %d)", number, events.StreamDigest, r.finalSeq)
			} else {
				j.confirm(r, p)
				j.want.Problems = append(j.want.Problems, p)
			}
			continue
		}
		if isNamed && (len(r.held) > 0 || d.Events == 0 && d.Difference == nil) {
			j.want.Problems = append(j.want.Problems, p) // the gate has doubted it, and not without reason
			continue
		}
		if isNamed {
			j.found(Difference, "it says that run %d cannot be judged (%.200s), but its frames and digests are good", number, p.Reason)
		}
		if d.Difference != nil {
			continue // the run has no hashes of its own
		}
		sealed = append(sealed, number)
		j.want.Hashes[number], j.want.ResultHashes[number] = d.Trace, d.Result
	}
	return sealed
}

// isBroken tells whether the last digest of a run rules a judgement out.
func (j *judgement) isBroken(r *run) bool {
	d, q := r.final, j.request
	return d.Problem != nil || d.Request != q.sha256 || d.FirstTick != q.FirstTick || d.Ticks != q.Ticks ||
		d.Difference == nil && d.Done != d.Ticks && d.Ticks > 0
}

// confirm compares the verdict's problem of a broken run with the digest's.
func (j *judgement) confirm(r *run, p problem) {
	d := r.final
	if d.Problem != nil {
		want := *d.Problem
		if want.Run = p.Run; want == p || r.know(p.Stream, p.Seq) {
			return
		}
	} else if p.Seq == 0 || p.Seq == d.LastSeq {
		return // a digest that does not belong to the request
	}
	j.found(Difference, "it says that run %d cannot be judged because of %.40s %d (%.200s), which is not what its last digest says", p.Run, p.Stream, p.Seq, p.Reason)
}

// group clusters the sealed runs by their hashes.
func (j *judgement) group(sealed []int) {
	w := j.want
	w.ExpectedHash, w.ExpectedResultHash = w.Hashes[0], w.ResultHashes[0]
	for _, run := range sealed {
		d, made := j.runs[run].final, j.request.made(run)
		i := slices.IndexFunc(w.Groups, func(g group) bool {
			return g.made == made && g.Hash == d.Trace && g.ResultHash == d.Result
		})
		if i < 0 {
			i = len(w.Groups)
			w.Groups = append(w.Groups, group{Hash: d.Trace, ResultHash: d.Result, ForecastHash: d.Forecast, ForecastResultHash: d.ForecastResult, made: made})
		}
		w.Groups[i].Runs = append(w.Groups[i].Runs, run)
		if w.FirstMismatchIndex == nil && sealed[0] == 0 && !w.Groups[i].agrees(&w.Groups[0]) {
			w.FirstMismatchIndex = &run
		}
	}
	slices.SortStableFunc(w.Groups, func(a, b group) int {
		return cmp.Or(a.made-b.made, len(b.Runs)-len(a.Runs), a.Runs[0]-b.Runs[0])
	})
	for i := range w.Groups {
		if g := &w.Groups[i]; !g.agrees(w.heldAgainst(g)) {
			w.Outliers = append(w.Outliers, g.Runs...)
		}
	}
	slices.Sort(w.Outliers)
	w.Tie = len(w.Groups) > 1 && w.Groups[0].made == w.Groups[1].made && len(w.Groups[0].Runs) == len(w.Groups[1].Runs)
	for run := range w.Runs {
		if r := j.runs[run]; r != nil {
			w.DigestSeq = max(w.DigestSeq, r.finalSeq)
		}
	}
}

// decide sets the outcome, and on fail where the runs differ. A fail needs one
// difference that is shown, a pass every run complete.
func (j *judgement) decide(ctx context.Context) error {
	w := j.want
	doubted := false // the gate may have found what the audit did
	for _, r := range j.runs {
		doubted = doubted || len(r.held) > 0
	}
	if len(w.Outliers) > 0 {
		if doubted || j.said.Outcome != events.Fail {
			j.takeExplanation()
		} else if err := j.explain(ctx); err != nil {
			return err
		}
	}
	j.explainOwn()
	complete := 0
	for _, hash := range w.Hashes {
		if hash != "" {
			complete++
		}
	}
	latch := w.Latch
	switch {
	case len(w.Outliers) > 0 || w.Divergence != nil:
		w.Outcome = events.Fail
	case len(w.Problems) > 0 || complete < w.Runs || j.runs[0].final.Events == 0:
		w.Outcome = events.Inconclusive
	case latch != nil && (latch.Trace != w.ExpectedHash || latch.Result != "" && latch.Result != w.ExpectedResultHash):
		w.Outcome = events.Fail
		j.explainLatch()
	default:
		w.Outcome, w.Empty = events.Pass, j.runs[0].went.empty()
		if j.runs[0].broken > 0 { // it is not read to its end, and there is a finding
			w.Empty = j.said.Empty
		}
		if w.Drill == nil && w.Probe == nil {
			w.Excludes = excluded(w.Runs - j.request.special())
		}
	}
	return nil
}

// takeExplanation takes over what the verdict says about where runs differ, when
// that cannot be told or there are findings enough.
func (j *judgement) takeExplanation() {
	j.want.Divergence = j.said.Divergence
	for i := range min(len(j.want.Groups), len(j.said.Groups)) {
		j.want.Groups[i].Differs = j.said.Groups[i].Differs
	}
}
