// Package sure says how much equal runs prove.
//
// The model: runs do not know of each other, and a difference shows by itself in a share p
// of them. It is seen in a window when at least one run shows it and at least one does
// not, since runs are compared with each other alone. Of n runs all are alike with
// p^n + (1-p)^n, so the chance to have seen it is
//
//	1 - (1-p)^n - p^n
//
// This is exact where the runs that show the difference are equal among themselves. Where
// these differ too, as with a random number, the chance is higher: then it is what can be
// counted on. p and 1-p are the same difference seen from the other side, so a rate is at
// most one half. What shows in every run alike is no difference between runs, and no
// number of runs finds it.
//
// It says nothing of differences that hang on what is around the runs: another machine,
// time zone or folder. A thousand runs in the same surroundings are one look at those.
//
// The package is pure: it imports no net, os, time or rand.
package sure

import (
	"fmt"
	"math"
)

// Usual is the chance that a bound is given for when nobody names another.
const Usual = 0.95

// MaxRuns is the most runs that [Runs] asks for.
const MaxRuns = 1_000_000_000

// rounding is how far results of floating point may be off.
const rounding = 1e-12

// Chance is the chance that a difference of a rate shows among n runs.
func Chance(n int, rate float64) float64 { return 1 - missed(n, rate) }

// missed is the chance that n runs are all alike.
func missed(n int, rate float64) float64 {
	return math.Exp(float64(n)*math.Log1p(-rate)) + math.Exp(float64(n)*math.Log(rate))
}

// Runs returns the fewest runs in which a difference of a rate is seen with a confidence.
func Runs(confidence, rate float64) (int, error) {
	if !(confidence > 0 && confidence < 1) {
		return 0, fmt.Errorf("a confidence of %v: want more than 0 and less than 1, such as 0.99", confidence)
	}
	if !(rate > 0 && rate <= 0.5) {
		return 0, fmt.Errorf("a rate of %v: want more than 0 and at most 0.5, such as 0.01; a difference that shows in more than half of the runs is one that is missing in fewer", rate)
	}
	about := math.Log1p(-confidence) / math.Log1p(-rate) // without rate^n, so never too many
	if !(about < MaxRuns) {
		return 0, fmt.Errorf("a confidence of %v at a rate of %v takes more than %d runs: lower the one or raise the other", confidence, rate, MaxRuns)
	}
	n := max(2, int(about))
	for missed(n, rate) > (1-confidence)*(1+rounding) {
		n++
	}
	return n, nil
}

// Excludes returns the rarest difference of the form "1 of oneIn runs" that n equal runs
// would have shown with the [Usual] chance, and the chance in percent. Runs too few for
// that get the difference in every other run, and its chance.
func Excludes(n int) (oneIn, percent int) {
	oneIn = max(2, int(-1/math.Expm1(math.Log(1-Usual)/float64(n))))
	for oneIn > 2 && Chance(n, 1/float64(oneIn)) < Usual {
		oneIn--
	}
	for Chance(n, 1/float64(oneIn+1)) >= Usual {
		oneIn++
	}
	return oneIn, int(math.Round(100 * Chance(n, 1/float64(oneIn))))
}
