package bench

import (
	"context"
	"maps"
	"slices"
	"time"
)

// sample is what was measured of one thing in one turn.
type sample struct {
	name   string
	events int64
	bytes  int64 // 0: of no interest
	took   time.Duration
	busy   float64 // part of all processors that was at work meanwhile; 0: not measured
}

func (s sample) perSecond(n int64) float64 { return float64(n) / s.took.Seconds() }

// contestant takes a turn and returns what it measured, which has the same names each
// time.
type contestant func(ctx context.Context) ([]sample, error)

// comparisons says which rates are divided by which others, by name.
type comparisons map[string][]string

// compete lets the contestants take their turns one after the other, and again, and
// adds what they did to the report.
func (m *measurement) compete(ctx context.Context, s Setting, against comparisons, contestants ...contestant) error {
	var names []string // in the order in which they were measured
	samples := make(map[string][]sample)
	for range m.Turns {
		for _, turn := range contestants {
			measured, err := turn(ctx)
			if err != nil {
				return err
			}
			for _, one := range measured {
				if samples[one.name] == nil {
					names = append(names, one.name)
				}
				samples[one.name] = append(samples[one.name], one)
			}
		}
	}
	for _, name := range names {
		m.report.Rates = append(m.report.Rates, rate(s, name, samples, against[name]))
	}
	return ctx.Err()
}

// rate sums up the turns of one thing.
func rate(s Setting, name string, samples map[string][]sample, against []string) Rate {
	r := Rate{Setting: s, Name: name}
	var bytes, busy []float64
	ratios := make(map[string][]float64)
	for turn, one := range samples[name] {
		perSecond := one.perSecond(one.events)
		r.Turns = append(r.Turns, perSecond)
		bytes, busy = append(bytes, one.perSecond(one.bytes)), append(busy, one.busy)
		for _, other := range against {
			if theirs := samples[other]; theirs != nil {
				ratios[other] = append(ratios[other], perSecond/theirs[turn].perSecond(theirs[turn].events))
			}
		}
	}
	r.EventsPerSecond, r.BytesPerSecond, r.Busy = median(r.Turns), median(bytes), median(busy)
	for _, other := range slices.Sorted(maps.Keys(ratios)) {
		if r.Ratios == nil {
			r.Ratios = make(map[string]float64)
		}
		r.Ratios[other] = median(ratios[other])
	}
	return r
}
