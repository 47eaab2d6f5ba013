package audit

import (
	"cmp"
	"context"
	"errors"
	"math"
)

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
