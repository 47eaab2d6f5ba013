// Package portable has the functions of package math whose last bit is another one from
// machine to machine, with the same bits everywhere.
//
// Package math has them in assembly on some machines, and where it has not, the compiler
// makes x*y+z one operation with one rounding on arm64, ppc64le, riscv64 and s390x but not
// on amd64. Here they are computed with twice the digits of a float64, by operations that
// IEEE 754 defines to the bit, and rounded once: what comes is the float64 nearest to the
// true value but for about one argument in a billion, where it is its neighbour, and the
// same on every machine always. It costs 0.5 to 3 µs a call.
//
// Special values are those of package math. Its Sqrt, Floor, Ceil, Round, Mod, Remainder,
// Abs and Copysign are exact, and so are the same everywhere already.
package portable

import "math"

// tiny is below what makes sin x, arctan x and their like anything but x.
const tiny = 1.0 / (1 << 27)

// huge is beyond what the squares of doubles are good for.
const huge = 0x1p100

func special(x float64) bool { return x == 0 || math.IsNaN(x) || math.IsInf(x, 0) }

// mirrored is f for a function with f(-x) = -f(x) that is near x about 0.
func mirrored(x float64, f func(x float64) float64) float64 {
	switch {
	case math.IsNaN(x) || math.Abs(x) < tiny:
		return x
	case x < 0:
		return -f(-x)
	}
	return f(x)
}

// Exp is e**x.
func Exp(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case x > 710:
		return math.Inf(1)
	case x < -746:
		return 0
	}
	m, k := exp(whole(x))
	return math.Ldexp(m.float(), k)
}

// Log is the natural logarithm of x.
func Log(x float64) float64 {
	switch {
	case x == 0:
		return math.Inf(-1)
	case x < 0:
		return math.NaN()
	case special(x):
		return x
	}
	return log(whole(x)).float()
}

// Pow is x**y.
func Pow(x, y float64) float64 {
	switch {
	case x == 1 || y == 1 || special(x) || special(y):
		return math.Pow(x, y) // exact
	case x > 0:
		return power(x, y)
	case y != math.Trunc(y):
		return math.NaN()
	case math.Mod(y, 2) != 0:
		return -power(-x, y)
	}
	return power(-x, y)
}

func power(x, y float64) float64 {
	ln := log(whole(x))
	if about := ln.hi * y; about > 710 || about < -746 {
		return math.Exp(math.Copysign(math.Inf(1), about))
	}
	if y == math.Trunc(y) && math.Abs(y) < 64 { // x**y can be halfway between two float64
		m, k := math.Frexp(x)
		p := one
		for range int(math.Abs(y)) {
			p = p.mul(whole(m))
		}
		if y < 0 {
			p = one.div(p)
		}
		return math.Ldexp(p.float(), k*int(y))
	}
	m, k := exp(ln.mul(whole(y)))
	return math.Ldexp(m.float(), k)
}

// Hypot is the length of (x, y).
func Hypot(x, y float64) float64 {
	if x, y = math.Abs(x), math.Abs(y); x < y {
		x, y = y, x
	}
	if special(x) || special(y) {
		return math.Hypot(x, y) // exact
	}
	_, k := math.Frexp(x)
	x, y = math.Ldexp(x, -k), math.Ldexp(y, -k)
	return math.Ldexp(product(x, x).add(product(y, y)).sqrt().float(), k)
}

// Sin is the sine of x.
func Sin(x float64) float64 {
	return mirrored(x, func(x float64) float64 {
		sin, _ := turned(x)
		return sin.float()
	})
}

// Cos is the cosine of x.
func Cos(x float64) float64 {
	_, cos := turned(x)
	return cos.float()
}

// Tan is the tangent of x.
func Tan(x float64) float64 {
	return mirrored(x, func(x float64) float64 {
		sin, cos := turned(x)
		return sin.div(cos).float()
	})
}

// turned are sine and cosine of any angle.
func turned(x float64) (sin, cos double) {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return whole(math.NaN()), whole(math.NaN())
	}
	rest, quarter := angle(x)
	sin, cos = sincos(rest)
	switch quarter {
	case 1:
		return cos, sin.neg()
	case 2:
		return sin.neg(), cos.neg()
	case 3:
		return cos.neg(), sin
	}
	return sin, cos
}

// Atan is the arc tangent of x.
func Atan(x float64) float64 {
	return mirrored(x, func(x float64) float64 {
		if x > huge {
			return math.Pi / 2
		}
		return arctan(whole(x)).float()
	})
}

// Atan2 is the angle of (x, y).
func Atan2(y, x float64) float64 {
	if math.IsNaN(x) || math.IsNaN(y) {
		return math.NaN()
	}
	return math.Copysign(direction(math.Abs(y), x), y)
}

func direction(y, x float64) float64 {
	back := math.Signbit(x)
	x = math.Abs(x)
	if math.IsInf(x, 1) && math.IsInf(y, 1) {
		x, y = 1, 1
	}
	var a double
	switch about := y / x; {
	case x == 0 && y == 0, about < tiny && !back:
		a = whole(about)
		if x == 0 {
			a = double{}
		}
	case about > huge:
		a = pi.times2(-1)
	case about > 1/huge:
		_, k := math.Frexp(max(x, y))
		a = arctan(whole(math.Ldexp(y, -k)).div(whole(math.Ldexp(x, -k))))
	}
	if back {
		a = pi.sub(a)
	}
	return a.float()
}

// Asin is the arc sine of x.
func Asin(x float64) float64 {
	return mirrored(x, func(x float64) float64 {
		switch {
		case x > 1:
			return math.NaN()
		case x == 1:
			return math.Pi / 2
		}
		return arctan(whole(x).div(sum(1, -x).mul(sum(1, x)).sqrt())).float()
	})
}

// Acos is the arc cosine of x.
func Acos(x float64) float64 {
	switch {
	case math.IsNaN(x) || math.Abs(x) > 1:
		return math.NaN()
	case x == -1:
		return math.Pi
	}
	return arctan(sum(1, -x).div(sum(1, x)).sqrt()).times2(1).float()
}

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

// Gamma is the gamma function of x.
func Gamma(x float64) float64 {
	switch {
	case x < 0 && x == math.Trunc(x): // minus infinity too
		return math.NaN()
	case math.Abs(x) < 1.0/(1<<60):
		return 1 / x
	case math.IsNaN(x) || x > 172:
		return x * math.Inf(1)
	case x >= 0.5:
		m, k := gamma(whole(x))
		return math.Ldexp(m.float(), k)
	}
	n := math.Round(x)
	sin, _ := sincos(pi.mul(sum(x, -n)))
	if math.Mod(n, 2) != 0 {
		sin = sin.neg()
	}
	if x < -190 {
		return math.Copysign(0, sin.hi)
	}
	m, k := gamma(sum(1, -x))
	return math.Ldexp(pi.div(sin.mul(m)).float(), -k)
}
