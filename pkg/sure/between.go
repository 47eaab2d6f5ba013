package sure

import "math"

// Between bounds the share of all runs that differ, where k of n did: with the [Usual]
// chance it lies between low and high, whatever it is (Clopper and Pearson).
func Between(k, n int) (low, high float64) {
	const half = (1 - Usual) / 2
	low, high = 0, 1
	if k > 0 {
		low = root(func(p float64) bool { return 1-atMost(k-1, n, p) < half })
	}
	if k < n {
		high = root(func(p float64) bool { return atMost(k, n, p) > half })
	}
	return low, high
}

// root is where what holds for small shares ends.
func root(holds func(p float64) bool) float64 {
	low, high := 0.0, 1.0
	for range 60 {
		if middle := (low + high) / 2; holds(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// atMost is the chance that at most k of n runs differ, where a share p of all does.
func atMost(k, n int, p float64) (chance float64) {
	for i := 0; i <= k; i++ {
		chance += math.Exp(choose(n, i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return chance
}

// choose is the logarithm of the number of ways to choose k of n.
func choose(n, k int) float64 {
	of := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	return of(n) - of(k) - of(n-k)
}
