package sure

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// The figures that the docs and the plan of ERS name.
func TestFigures(t *testing.T) {
	if left := 1 - Chance(12, 0.01); math.Abs(left-0.89) > 0.005 {
		t.Errorf("12 runs miss 1 of 100 with %v, want 0.89", left)
	}
	if n, err := Runs(0.99, 0.01); n != 459 || err != nil {
		t.Errorf("%d runs, %v; want 459", n, err)
	}
	for runs, want := range map[int][2]int{2: {2, 50}, 3: {2, 75}, 4: {2, 88}, 5: {2, 94}, 6: {2, 97}, 12: {4, 97}, 36: {12, 96}, 1000: {334, 95}} {
		if one, percent := Excludes(runs); one != want[0] || percent != want[1] {
			t.Errorf("%d runs exclude 1 of %d with %d %%, want %v", runs, one, percent, want)
		}
	}
	if got := Bound(12); got != "a difference that shows in 1 of 4 runs would have been seen with 97 %" {
		t.Error(got)
	}
}

// All ways in which a few runs can come out, counted one by one.
func TestChanceCounted(t *testing.T) {
	for n := 2; n <= 12; n++ {
		for _, rate := range []float64{0.01, 0.1, 0.25, 1 / 3.0, 0.5} {
			seen := 0.0
			for ways := range 1 << n {
				chance, show := 1.0, 0
				for run := range n {
					if ways>>run&1 == 1 {
						chance *= rate
						show++
					} else {
						chance *= 1 - rate
					}
				}
				if show > 0 && show < n {
					seen += chance
				}
			}
			if got := Chance(n, rate); math.Abs(got-seen) > 1e-12 {
				t.Errorf("%d runs at %v: %v, counted %v", n, rate, got, seen)
			}
		}
	}
}

// The twin of Excludes in whole numbers. No number of runs is so near to a border that
// another processor could round it to the other side.
func TestExcludesExactly(t *testing.T) {
	for n := 2; n <= 1000; n++ {
		gotOne, gotPercent := Excludes(n)
		one, border := int64(gotOne), big.NewRat(95, 100)
		if one > 2 && seenExactly(n, one).Cmp(border) < 0 || seenExactly(n, one+1).Cmp(border) >= 0 {
			t.Errorf("%d runs: 1 of %d is not the rarest that is seen with 95 %%", n, one)
		}
		chance, _ := seenExactly(n, one).Float64()
		if gotPercent != int(math.Floor(100*chance+0.5)) {
			t.Errorf("%d runs: 1 of %d with %d %%, want %v", n, one, gotPercent, chance)
		}
		for _, c := range []int64{one, one + 1} {
			x, _ := seenExactly(n, c).Float64()
			if n > 5 && math.Abs(x-0.95) < 1e-9 {
				t.Errorf("%d runs at 1 of %d: %v is on the border", n, c, x)
			}
		}
		if half := 100*chance + 0.5; n != 4 && math.Abs(half-math.Round(half)) < 1e-9 {
			t.Errorf("%d runs: %v is between two percents", n, chance)
		}
	}
}

func seenExactly(n int, one int64) *big.Rat {
	power := func(x int64) *big.Int { return new(big.Int).Exp(big.NewInt(x), big.NewInt(int64(n)), nil) }
	all := power(one)
	seen := new(big.Int).Sub(all, power(one-1))
	return new(big.Rat).SetFrac(seen.Sub(seen, big.NewInt(1)), all)
}

// One run fewer would not do, and more runs or a larger share are never worse.
func TestRunsAreTheFewest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		confidence, rate := rapid.Float64Range(0.001, 0.99999).Draw(t, "confidence"), rapid.Float64Range(0.0001, 0.5).Draw(t, "rate")
		n, err := Runs(confidence, rate)
		if err != nil {
			t.Fatal(err)
		}
		if Chance(n, rate) < confidence-1e-9 || n > 2 && Chance(n-1, rate) > confidence+1e-9 {
			t.Fatalf("%d runs: %v, one fewer %v", n, Chance(n, rate), Chance(n-1, rate))
		}
		if Chance(n+1, rate) < Chance(n, rate)-1e-12 || Chance(n, min(0.5, rate*1.1)) < Chance(n, rate)-1e-12 {
			t.Fatalf("it gets worse behind %d runs at %v", n, rate)
		}
	})
}

func TestWrongUse(t *testing.T) {
	for _, c := range [][2]float64{{0, 0.1}, {1, 0.1}, {-1, 0.1}, {math.NaN(), 0.1}, {0.9, 0}, {0.9, 0.51}, {0.9, math.NaN()}, {0.9, math.Inf(1)}, {0.99, 1e-300}, {0.99, 1e-9}} {
		if n, err := Runs(c[0], c[1]); err == nil {
			t.Errorf("%v: %d runs", c, n)
		}
	}
}

func TestWords(t *testing.T) {
	for rate, want := range map[float64]string{0.01: "1 of 100", 0.5: "1 of 2", 0.03: "3 % of the", 0.25: "1 of 4", 1e-6: "1 of 1000000", 0.4: "40 % of the"} {
		if got := Share(rate); got != want {
			t.Errorf("%v is %q, want %q", rate, got, want)
		}
	}
	for chance, want := range map[float64]string{0.5: "50", 0.9949: "99", 0.9953: "99.5", 0.99901: "99.9", 0.999: "99.9", 0.9999999: "99.99999", 1: "99.999999999"} {
		if got := Percent(chance); got != want {
			t.Errorf("%v is %q, want %q", chance, got, want)
		}
	}
	if got := Seen(459, 0.01); got != "a difference that shows in 1 of 100 runs would have been seen with 99 %" {
		t.Error(got)
	}
	if got := Seen(100, 0.03); got != "a difference that shows in 3 % of the runs would have been seen with 95 %" {
		t.Error(got)
	}
}
