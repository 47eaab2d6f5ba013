package portable

import "math"

// Sinh is the hyperbolic sine of x.
func Sinh(x float64) float64 {
	return mirrored(x, func(x float64) float64 {
		if x < 0.3 {
			e := exp1(whole(x))
			return e.add(e.div(one.add(e))).times2(-1).float()
		}
		return hyperbolic(x, -1)
	})
}

// Cosh is the hyperbolic cosine of x.
func Cosh(x float64) float64 { return hyperbolic(math.Abs(x), 1) }

// hyperbolic is half of e**x + sign * e**-x.
func hyperbolic(x, sign float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case x > 711:
		return math.Inf(1)
	}
	m, k := exp(whole(x))
	m = m.add(one.div(m).mul(whole(sign)).times2(-2 * k))
	return math.Ldexp(m.float(), k-1)
}

// Tanh is the hyperbolic tangent of x.
func Tanh(x float64) float64 {
	return mirrored(x, func(x float64) float64 {
		if x > 40 {
			return 1
		}
		e := exp1Of(2 * x)
		return e.div(whole(2).add(e)).float()
	})
}

// exp1Of is e**x - 1, for x from 0 to 80.
func exp1Of(x float64) double {
	if x < 0.3 {
		return exp1(whole(x))
	}
	m, k := exp(whole(x))
	return m.times2(k).sub(one)
}

// Asinh is the inverse hyperbolic sine of x.
func Asinh(x float64) float64 {
	return mirrored(x, func(x float64) float64 {
		if x > huge {
			return logTwice(x)
		}
		square := product(x, x)
		return log1(whole(x).add(square.div(one.add(one.add(square).sqrt())))).float()
	})
}

// Acosh is the inverse hyperbolic cosine of x.
func Acosh(x float64) float64 {
	switch {
	case math.IsNaN(x) || x < 1:
		return math.NaN()
	case x > huge:
		return logTwice(x)
	}
	a := sum(x, -1)
	return log1(a.add(a.mul(a.add(whole(2))).sqrt())).float()
}

// logTwice is the logarithm of 2*x.
func logTwice(x float64) float64 {
	if math.IsInf(x, 1) {
		return x
	}
	return log(whole(x)).add(ln2).float()
}

// Atanh is the inverse hyperbolic tangent of x.
func Atanh(x float64) float64 {
	return mirrored(x, func(x float64) float64 {
		switch {
		case x > 1:
			return math.NaN()
		case x == 1:
			return math.Inf(1)
		}
		return log1(whole(2 * x).div(sum(1, -x))).times2(-1).float()
	})
}
