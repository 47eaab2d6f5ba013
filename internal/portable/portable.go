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
