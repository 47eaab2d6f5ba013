package compare

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/sure"
)

// ErrTooFewRuns is wrapped by the error for fewer than [events.MinRuns] runs: one
// run alone has nothing that it could differ from.
var ErrTooFewRuns = fmt.Errorf("too few runs: want at least %d", events.MinRuns)

// MaxExplained is the number of groups, the largest first, for which the verdict says
// where they first differ. Of the others only that group is explained which differs
// earliest of all.
const MaxExplained = 16

// maxDoubted is the number of runs whose evidence may be false before the window is
// given up as a whole.
const maxDoubted = 32

// Source gives a judge the evidence behind the last digests, from one goroutine. An
// error that is a [*Contradiction], wrapped or not, makes the verdict inconclusive.
type Source interface {
	// Complete makes sure of a sealed run of a window that does not fail: its digests cover
	// its ticks from the first to the last without gap, and the frames at the ends of the
	// run are there. A last digest alone proves nothing.
	Complete(run int) error

	// TickDigests yields the tick digests of a run from its first tick to its last.
	// It streams: a run can have a million ticks. An error is the last thing that it
	// yields.
	TickDigests(run int) iter.Seq2[events.TickDigest, error]

	// Tick returns the whole tick that d, yielded by TickDigests(run), is about.
	Tick(run int, d events.TickDigest) (events.Tick, error)

	// Ticks yields the ticks of a sealed run from its first on, of a window that would pass.
	// It streams, and an error is the last thing that it yields.
	Ticks(run int) iter.Seq2[events.Tick, error]

	// Surroundings returns what a sealed run says that it had around it, "" for nothing.
	Surroundings(run int) (canon.Value, error)
	// Resumed returns what is said likewise where somebody went on with the run, in the order
	// of the run.
	Resumed(run int) ([]canon.Value, error)

	// Object reads an object that a value names. [events.ErrNotFound], and
	// [events.ErrDamaged] while it is read, leave the verdict without what is in it.
	Object(sha string) (io.ReadCloser, error)
}

// Judge returns the verdict on a window. last holds the last digest of each run, by
// its index; where a run has none it holds the zero Digest. DigestSeq is left to the
// caller.
//
// A verdict is never a pass by default. Whatever a digest lacks, and any evidence
// from src that contradicts the digests or itself, makes it inconclusive, with a
// Problem that names the run. An error means that there is no verdict: too few runs
// ([ErrTooFewRuns]), not one digest for each, or an error of src, wrapped. Judging
// again when src works again gives the verdict.
func Judge(key events.WindowKey, req *events.WindowRequest, last []events.Digest, src Source) (events.Verdict, error) {
	if req.Runs < events.MinRuns {
		return events.Verdict{}, fmt.Errorf("window %d has %d runs: %w", key.Window, req.Runs, ErrTooFewRuns)
	}
	if len(last) != req.Runs {
		return events.Verdict{}, fmt.Errorf("window %d has %d runs, not the %d that there are digests for", key.Window, req.Runs, len(last))
	}
	var problems []events.Problem
	doubted := make(map[int]bool)
	for {
		v, err := judge(key, req, last, src, problems, doubted)
		c, contradicted := errors.AsType[*Contradiction](err)
		if err == nil {
			return v, nil
		}
		if !contradicted {
			return events.Verdict{}, fmt.Errorf("window %d: %w", key.Window, err)
		}
		// A run whose evidence does not hold is none to judge by. The others are: what
		// they show must not be hidden by it.
		if doubted[c.Run] || len(doubted) == maxDoubted {
			Withdraw(&v, c)
			return v, nil
		}
		doubted[c.Run] = true
		problems = append(problems, c.problem())
	}
}

// judge is Judge without the runs that are doubted, for which there are problems.
func judge(key events.WindowKey, req *events.WindowRequest, last []events.Digest, src Source, problems []events.Problem, doubted map[int]bool) (events.Verdict, error) {
	v := newVerdict(key, req)
	v.Problems = slices.Clone(problems)
	var sealed []int
	for run := range last {
		d := &last[run]
		if doubted[run] {
			continue
		}
		if p := checkDigest(key, req, run, d); p != nil {
			v.Problems = append(v.Problems, *p)
		} else if d.Sealed() {
			sealed = append(sealed, run)
			v.Hashes[run], v.ResultHashes[run] = d.Trace, d.Result
		}
	}
	slices.SortStableFunc(v.Problems, func(a, b events.Problem) int { return cmp.Compare(a.Run, b.Run) })
	group(&v, last, sealed)
	outliers(&v)
	if err := surroundings(&v, sealed, src); err != nil {
		return v, err
	}
	return v, decide(&v, &examiner{req: req, src: src}, last)
}

// Withdraw makes a verdict inconclusive because of c.
func Withdraw(v *events.Verdict, c *Contradiction) {
	v.Outcome = events.Inconclusive
	v.Problems = append(v.Problems, c.problem())
	v.Divergence, v.Excludes, v.Empty = nil, nil, ""
	for i := range v.Groups {
		v.Groups[i].Differs = nil
	}
}

func newVerdict(key events.WindowKey, req *events.WindowRequest) events.Verdict {
	return events.Verdict{
		Schema:           events.VerdictSchema,
		Scheme:           canon.Scheme,
		Kind:             req.Kind,
		Pipeline:         req.Pipeline,
		Window:           key.Window,
		Request:          key.Request,
		Case:             req.Case(),
		DefinitionSHA256: req.DefinitionSHA256,
		ContextsSHA256:   req.ContextsSHA256,
		Runs:             req.Runs,
		FirstTick:        req.FirstTick,
		Ticks:            req.Ticks,
		FirstRun:         req.FirstRun,
		Numbers:          req.Numbers,
		Variations:       req.Variations,
		Fixed:            req.Fixed,
		Spread:           req.Spread,
		RunGroups:        req.Groups,
		Hashes:           make([]string, req.Runs),
		ResultHashes:     make([]string, req.Runs),
		Groups:           []events.Group{},
		Outliers:         []int{},
		Latch:            req.Latch,
		Drill:            req.Drill,
		Probe:            req.Probe,
		Reproduce:        cmp.Or(req.Reproduce, fmt.Sprintf("ers submit --window %d", key.Window)),
	}
}

// decide sets the outcome. A fail needs one difference that is shown, whatever else is
// wrong; a pass needs every run complete; all else is inconclusive.
func decide(v *events.Verdict, x *examiner, last []events.Digest) error {
	for _, g := range v.Groups {
		for _, run := range g.Runs {
			if last[run].Forecast != g.ForecastHash || last[run].ForecastResult != g.ForecastResultHash {
				return contradict(run, events.StreamDigest, 0, "the digests of runs %d and %d have the same trace and result hashes but different forecast hashes", g.Runs[0], run)
			}
		}
	}
	if len(v.Groups) > 1 {
		if err := x.explain(v); err != nil {
			return err
		}
	}
	x.ownDifferences(v, last)
	switch {
	case v.Divergence != nil:
		v.Outcome = events.Fail
		return x.explainContent(v.Divergence)
	case len(v.Problems) > 0:
		v.Outcome = events.Inconclusive
		return x.complete(v) // what else is wrong is told too
	case last[0].Events == 0:
		return contradict(0, events.StreamDigest, 0, "no run has any events, so that nothing was compared")
	}
	if err := x.complete(v); err != nil {
		return err
	}
	if l := v.Latch; l != nil && (l.Trace != v.ExpectedHash || l.Result != "" && l.Result != v.ExpectedResultHash) {
		v.Outcome = events.Fail
		return explainLatch(v)
	}
	empty, err := x.empty()
	if err != nil {
		return err
	}
	v.Outcome, v.Empty = events.Pass, empty
	if v.Drill == nil && v.Probe == nil {
		oneIn, percent := sure.Excludes(v.Plain())
		v.Excludes = &events.Excludes{OneIn: oneIn, Percent: percent}
	}
	return nil
}

// complete makes sure of the runs that are compared.
func (x *examiner) complete(v *events.Verdict) error {
	for run, hash := range v.Hashes {
		if hash == "" {
			continue
		}
		if err := x.src.Complete(run); err != nil {
			return fmt.Errorf("run %d: %w", run, err)
		}
	}
	return nil
}
