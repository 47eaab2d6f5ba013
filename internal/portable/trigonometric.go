package portable

import "math"

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
