package portable

import "math"

// exp1 is e**a - 1, for |a| to 0.36: the series for a/256, squared eight times.
func exp1(a double) double {
	const terms, halvings = 11, 8
	a = a.times2(-halvings)
	s := one
	for n := terms; n > 1; n-- {
		s = one.add(a.mul(inverse[n]).mul(s))
	}
	e := a.mul(s)
	for range halvings {
		e = e.mul(whole(2).add(e)) // (1+e)**2 - 1
	}
	return e
}

// exp is e**a as m * 2**k, with m near 1.
func exp(a double) (m double, k int) {
	n := math.Round(a.hi / ln2High)
	return one.add(exp1(a.sub(ln2.mul(whole(n))))), int(n)
}

// log is the logarithm of a > 0.
func log(a double) double {
	m, k := math.Frexp(a.hi)
	if m < sqrtHalf {
		k--
	}
	a = a.times2(-k)
	return log1(a.sub(one)).add(ln2.mul(whole(float64(k))))
}

// log1 is the logarithm of 1+a, for a > -1.
func log1(a double) double {
	if a.hi < sqrtHalf-1 || a.hi > math.Sqrt2-1 {
		return log(one.add(a))
	}
	s := a.div(whole(2).add(a))
	return odd(s, s.mul(s)).times2(1)
}

// odd is s + s*z/3 + s*z*z/5 …: artanh s for z = s*s, and arctan s for z = -s*s. |s| is at
// most 0.2.
func odd(s, z double) double {
	const terms = 24
	total := inverse[2*terms+1]
	for n := terms - 1; n >= 0; n-- {
		total = inverse[2*n+1].add(total.mul(z))
	}
	return total.mul(s)
}

// arctan is the arc tangent of a >= 0.
func arctan(a double) double {
	if a.hi > 1 {
		return pi.times2(-1).sub(arctan(one.div(a)))
	}
	const halvings = 2
	for range halvings { // of the angle
		a = a.div(one.add(one.add(a.mul(a)).sqrt()))
	}
	return odd(a, a.mul(a).neg()).times2(halvings)
}

// sincos are sine and cosine, for |a| to pi/2.
func sincos(a double) (sin, cos double) {
	const terms = 17
	z := a.mul(a).neg()
	sin, cos = one, one
	for n := terms; n > 0; n-- {
		sin = one.add(z.mul(inverse[2*n]).mul(inverse[2*n+1]).mul(sin))
		cos = one.add(z.mul(inverse[2*n-1]).mul(inverse[2*n]).mul(cos))
	}
	return sin.mul(a), cos
}

// stirling are the coefficients of Stirling's series.
var stirling = [...]struct{ above, below float64 }{
	{1, 12}, {-1, 360}, {1, 1260}, {-1, 1680}, {1, 1188}, {-691, 360360}, {1, 156}, {-3617, 122400}, {43867, 244188},
	{-174611, 125400}, {77683, 5796}, {-236364091, 1506960}, {657931, 300}, {-3392780147, 93960},
}

var halfLogTau = log(pi.times2(1)).times2(-1)

// gamma is the gamma function of a, from 0.5 to 200, as m * 2**k.
func gamma(a double) (m double, k int) {
	below := one
	for ; a.hi < 24; a = a.add(one) {
		below = below.mul(a)
	}
	z := one.div(a.mul(a))
	var series double
	for n := len(stirling) - 1; n >= 0; n-- {
		c := stirling[n]
		series = series.mul(z).add(whole(c.above).div(whole(c.below)))
	}
	ln := a.sub(whole(0.5)).mul(log(a)).sub(a).add(halfLogTau).add(series.div(a))
	m, k = exp(ln)
	return m.div(below), k
}
