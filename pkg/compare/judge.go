package compare

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// ErrTooFewRuns is wrapped by the error for fewer than [events.MinRuns] runs: one
// run alone has nothing that it could differ from.
var ErrTooFewRuns = fmt.Errorf("too few runs: want at least %d", events.MinRuns)

// MaxExplained is the number of groups whose first difference is looked up, the
// largest first. It keeps a window cheap in which every run differs.
const MaxExplained = 16

// Source gives a judge the evidence behind the last digests. It is asked only about
// complete runs that differ, from one goroutine. An error that is a [*Contradiction],
// wrapped or not, makes the verdict inconclusive.
type Source interface {
	// TickDigests yields the tick digests of a run from its first tick to its last.
	// It streams: a run can have a million ticks. An error is the last thing that it
	// yields.
	TickDigests(run int) iter.Seq2[events.TickDigest, error]

	// Tick returns the whole tick that d, yielded by TickDigests(run), is about.
	Tick(run int, d events.TickDigest) (events.Tick, error)
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
func Judge(window uint64, req events.WindowRequest, last []events.Digest, src Source) (events.Verdict, error) {
	if req.Runs < events.MinRuns {
		return events.Verdict{}, fmt.Errorf("window %d has %d runs: %w", window, req.Runs, ErrTooFewRuns)
	}
	if len(last) != req.Runs {
		return events.Verdict{}, fmt.Errorf("window %d has %d runs, not the %d that there are digests for", window, req.Runs, len(last))
	}
	v := newVerdict(window, &req)
	var sealed []int
	for run := range last {
		if p := checkDigest(window, &req, run, &last[run]); p != nil {
			v.Problems = append(v.Problems, *p)
			continue
		}
		sealed = append(sealed, run)
		v.Hashes[run], v.ResultHashes[run] = last[run].Trace, last[run].Result
	}
	group(&v, last, sealed)
	if len(v.Problems) > 0 {
		v.Outcome = events.Inconclusive
		return v, nil
	}
	err := decide(&v, &examiner{&req, src}, last)
	if c, ok := errors.AsType[*Contradiction](err); ok {
		Withdraw(&v, c)
		return v, nil
	}
	if err != nil {
		return events.Verdict{}, fmt.Errorf("window %d: %w", window, err)
	}
	return v, nil
}

// Withdraw makes a verdict inconclusive because of c.
func Withdraw(v *events.Verdict, c *Contradiction) {
	v.Outcome = events.Inconclusive
	v.Problems = []events.Problem{events.Problem(*c)}
	v.Problems[0].Reason = events.ClipReason(c.Reason)
	v.Divergence = nil
	for i := range v.Groups {
		v.Groups[i].Differs = nil
	}
}

func newVerdict(window uint64, req *events.WindowRequest) events.Verdict {
	return events.Verdict{
		Schema:           events.VerdictSchema,
		Scheme:           canon.Scheme,
		Pipeline:         req.Pipeline,
		Window:           window,
		DefinitionSHA256: req.DefinitionSHA256,
		ContextsSHA256:   req.ContextsSHA256,
		Runs:             req.Runs,
		FirstTick:        req.FirstTick,
		Ticks:            req.Ticks,
		Hashes:           make([]string, req.Runs),
		ResultHashes:     make([]string, req.Runs),
		Groups:           []events.Group{},
		Outliers:         []int{},
		Latch:            req.Latch,
		Drill:            req.Drill,
		Reproduce:        cmp.Or(req.Reproduce, fmt.Sprintf("ers submit --window %d", window)),
	}
}

// decide sets the outcome of a window whose runs are all sealed.
func decide(v *events.Verdict, x *examiner, last []events.Digest) error {
	for _, g := range v.Groups {
		for _, run := range g.Runs {
			if last[run].Forecast != g.ForecastHash {
				return contradict(run, events.StreamDigest, 0, "the digests of runs %d and %d have the same trace hash but different forecast hashes", g.Runs[0], run)
			}
		}
	}
	switch {
	case len(v.Groups) > 1:
		v.Outcome = events.Fail
		return x.explain(v)
	case last[0].Events == 0:
		return contradict(0, events.StreamDigest, 0, "no run has any events, so that nothing was compared")
	case v.Latch != "" && v.Latch != v.ExpectedHash:
		v.Outcome = events.Fail
		return explainLatch(v)
	}
	v.Outcome = events.Pass
	return nil
}

// group clusters the sealed runs and sets everything in a verdict that follows from
// their hashes.
func group(v *events.Verdict, last []events.Digest, sealed []int) {
	v.ExpectedHash, v.ExpectedResultHash = v.Hashes[0], v.ResultHashes[0]
	type key struct{ trace, result string }
	index := make(map[key]int)
	for _, run := range sealed {
		d := &last[run]
		i, ok := index[key{d.Trace, d.Result}]
		if !ok {
			i = len(v.Groups)
			index[key{d.Trace, d.Result}] = i
			v.Groups = append(v.Groups, events.Group{Hash: d.Trace, ResultHash: d.Result, ForecastHash: d.Forecast})
		}
		v.Groups[i].Runs = append(v.Groups[i].Runs, run)
		if i > 0 && v.FirstMismatchIndex == nil && sealed[0] == 0 {
			v.FirstMismatchIndex = &run
		}
	}
	// The groups stand in the order of their lowest runs. A stable sort keeps that
	// among groups of one size.
	slices.SortStableFunc(v.Groups, func(a, b events.Group) int { return cmp.Compare(len(b.Runs), len(a.Runs)) })
	for i, g := range v.Groups {
		if i > 0 {
			v.Outliers = append(v.Outliers, g.Runs...)
		}
	}
	slices.Sort(v.Outliers)
	v.Tie = len(v.Groups) > 1 && len(v.Groups[0].Runs) == len(v.Groups[1].Runs)
}
