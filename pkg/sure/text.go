package sure

import (
	"fmt"
	"math"
	"strconv"
)

// Sentence says what a pass excludes.
func Sentence(oneIn, percent int) string {
	return sentence(fmt.Sprintf("1 of %d", oneIn), strconv.Itoa(percent))
}

// Seen says with what chance n equal runs would have shown a difference of a rate.
func Seen(n int, rate float64) string {
	return sentence(Share(rate), Percent(Chance(n, rate)))
}

// Bound says what n equal runs exclude.
func Bound(n int) string { return Sentence(Excludes(n)) }

func sentence(share, percent string) string {
	return fmt.Sprintf("a difference that shows in %s runs would have been seen with %s %%", share, percent)
}

// Share is a rate in words: "1 of 100", or "3 % of the" where it is no such fraction.
func Share(rate float64) string {
	if one := math.Round(1 / rate); math.Abs(1/rate-one) < one*rounding {
		return fmt.Sprintf("1 of %.0f", one)
	}
	return strconv.FormatFloat(100*rate, 'g', 6, 64) + " % of the"
}

// Percent is a chance in percent: rounded, but from 99.5 on cut, with as many digits as
// it takes to tell it from certainty.
func Percent(chance float64) string {
	if chance < 0.995 {
		return strconv.FormatFloat(100*chance, 'f', 0, 64)
	}
	digits := 9
	if left := 1 - chance; left > 1e-11 {
		digits = int(math.Ceil(-math.Log10(left)-rounding)) - 2
	}
	scale := math.Pow(10, float64(digits))
	return strconv.FormatFloat(math.Min(math.Floor(100*chance*scale)/scale, 100-1/scale), 'f', -1, 64)
}
