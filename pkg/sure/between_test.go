package sure

import (
	"math"
	"testing"
)

// Figures of published tables.
func TestBetween(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{{3, 36, 0.0175, 0.2247}, {0, 12, 0, 0.2646}, {12, 12, 0.7354, 1}, {1, 10, 0.0025, 0.4450}, {5, 10, 0.1871, 0.8129}} {
		low, high := Between(c.k, c.n)
		if math.Abs(low-c.low) > 5e-5 || math.Abs(high-c.high) > 5e-5 {
			t.Errorf("%d of %d: %.5f to %.5f, want %v to %v", c.k, c.n, low, high, c.low, c.high)
		}
	}
}

// The true share lies outside in 5 % of all cases at most, counted over all of them.
func TestBetweenHolds(t *testing.T) {
	for _, n := range []int{2, 12, 36} {
		for p := 0.01; p < 1; p += 0.01 {
			outside := 0.0
			for k := range n + 1 {
				if low, high := Between(k, n); p < low || p > high {
					outside += atMost(k, n, p)
					if k > 0 {
						outside -= atMost(k-1, n, p)
					}
				}
			}
			if outside > 1-Usual+1e-9 {
				t.Errorf("%d runs at %.2f: outside with %v", n, p, outside)
			}
		}
	}
}
