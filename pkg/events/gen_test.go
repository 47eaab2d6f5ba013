package events

import (
	"math"
	"math/big"

	"pgregory.net/rapid"

	"abraxas.dev/ers/pkg/canon"
)

// Generators of random documents, for the property tests.

var genText = rapid.OneOf(rapid.SampledFrom([]string{"", "a", "é", "日本", "\u2028", "\"\\", "\x00\x1f\x7f", "😀"}), rapid.StringN(0, 6, -1))

func genAny(depth int) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		rapid.Int64().AsAny(),
		rapid.Uint64().AsAny(),
		rapid.Float64().AsAny(),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, 1e16, 1e-5, math.NaN(), math.Inf(1), math.Inf(-1)}).AsAny(),
		genText.AsAny(),
		rapid.Custom(func(t *rapid.T) any {
			n := new(big.Int).SetUint64(rapid.Uint64().Draw(t, "big"))
			n.Mul(n, big.NewInt(rapid.Int64().Draw(t, "factor")))
			return n
		}),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	inner := rapid.Deferred(func() *rapid.Generator[any] { return genAny(depth - 1) })
	return rapid.OneOf(append(scalars,
		rapid.SliceOfN(inner, 0, 20).AsAny(),
		rapid.MapOfN(genText, inner, 0, 20).AsAny(),
	)...)
}

var genValue = rapid.Custom(func(t *rapid.T) canon.Value {
	v, err := canon.Of(genAny(2).Draw(t, "value"))
	if err != nil {
		t.Fatal(err)
	}
	return v
})

var genMeta = rapid.Custom(func(t *rapid.T) canon.Value {
	v, err := canon.Of(map[string]any{"tags": rapid.SliceOfN(genText, 0, 3).Draw(t, "tags")})
	if err != nil {
		t.Fatal(err)
	}
	return v
})

func genTick(t *rapid.T, number int64) *Tick {
	tick := &Tick{Tick: number}
	for range rapid.IntRange(0, 12).Draw(t, "events") {
		count := rapid.Int64Range(0, math.MaxInt64)
		e := TraceEvent{
			Tick: number, Task: genText.Draw(t, "task"), Meta: genMeta.Draw(t, "meta"),
			Lane: Lane(rapid.IntRange(0, 1).Draw(t, "lane")), Status: Status(rapid.IntRange(0, 3).Draw(t, "status")),
			CostOps: count.Draw(t, "ops"), CostEntropy: count.Draw(t, "entropy"),
		}
		r := TaskResult{Name: e.Task, Lane: e.Lane, Status: e.Status, Value: canon.Null}
		if e.Status == OK || rapid.Bool().Draw(t, "odd") {
			r.Value = genValue.Draw(t, "value")
		}
		if e.Status.Failed() || rapid.Bool().Draw(t, "odd") {
			r.Error = genText.Draw(t, "error")
		}
		if e.Status.Attempted() {
			r.CostOps, r.CostEntropy = e.CostOps, e.CostEntropy
		}
		tick.Events, tick.Results = append(tick.Events, e), append(tick.Results, r)
	}
	return tick
}

var genKey = rapid.Custom(func(t *rapid.T) RunKey {
	return RunKey{
		Pipeline: rapid.StringMatching(`[A-Za-z0-9_-]{1,64}`).Draw(t, "pipeline"),
		Window:   uint64(rapid.Int64Range(1, math.MaxInt64).Draw(t, "window")),
		Run:      rapid.IntRange(0, MaxRuns-1).Draw(t, "run"),
	}
})
