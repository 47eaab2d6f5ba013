package bench

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestQuantiles(t *testing.T) {
	ms := func(values ...int) (times []time.Duration) {
		for _, v := range values {
			times = append(times, time.Duration(v)*time.Millisecond)
		}
		return times
	}
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = 100 - i
	}
	for _, test := range []struct {
		times []time.Duration
		want  Quantiles
	}{
		{nil, Quantiles{}},
		{ms(7), Quantiles{1, 7, 7, 7}},
		{ms(9, 1), Quantiles{2, 1, 9, 9}},
		{ms(3, 1, 2), Quantiles{3, 2, 3, 3}},
		{ms(hundred...), Quantiles{100, 50, 99, 100}},
		{ms(append(hundred, 1000)...), Quantiles{101, 51, 100, 1000}},
	} {
		if got := quantiles(test.times); got != test.want {
			t.Errorf("%v: %+v, want %+v", test.times, got, test.want)
		}
	}
}

// By its definition: at least the share q of the values does not exceed the quantile,
// and less than that share is below it.
func TestQuantileDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(0, 20), 1, 50).Draw(t, "values")
		percent := rapid.IntRange(1, 100).Draw(t, "percent")
		var times []time.Duration
		for _, v := range values {
			times = append(times, time.Duration(v)*time.Millisecond)
		}
		sorted := sortedMilliseconds(times)
		got := quantile(sorted, float64(percent)/100)
		below, notAbove := 0, 0
		for _, v := range sorted {
			if v < got {
				below++
			}
			if v <= got {
				notAbove++
			}
		}
		if 100*notAbove < percent*len(sorted) || 100*below >= percent*len(sorted) {
			t.Fatalf("%v: the %d %% quantile is %v: %d below, %d not above", sorted, percent, got, below, notAbove)
		}
	})
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{4}, 4}, {[]float64{9, 1}, 5}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(test.values); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("%v: %v, want %v", test.values, got, test.want)
		}
	}
}
