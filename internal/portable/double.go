package portable

import "math"

// double is the number hi+lo, where lo is at most half of a last place of hi: 106 bits.
//
// A compiler may make one operation of x*y+z, with one rounding, and Go's does so where the
// machine has it. So every product here is either made a float64 of its own or is the
// operation that rounds once, on purpose: math.FMA, which is exact on every machine.
type double struct{ hi, lo float64 }

func whole(x float64) double { return double{x, 0} }

func (a double) float() float64 { return a.hi + a.lo }

func (a double) neg() double { return double{-a.hi, -a.lo} }

// times2 is a*2**n.
func (a double) times2(n int) double { return double{math.Ldexp(a.hi, n), math.Ldexp(a.lo, n)} }

// sum is a+b (Knuth).
func sum(a, b float64) double {
	s := a + b
	back := s - a
	return double{s, (a - (s - back)) + (b - back)}
}

// join is a+b where a is not smaller than b (Dekker).
func join(a, b float64) double {
	s := a + b
	return double{s, b - (s - a)}
}

// product is a*b.
func product(a, b float64) double {
	p := float64(a * b)
	return double{p, math.FMA(a, b, -p)}
}

func (a double) add(b double) double {
	s, t := sum(a.hi, b.hi), sum(a.lo, b.lo)
	s = join(s.hi, s.lo+t.hi)
	return join(s.hi, s.lo+t.lo)
}

func (a double) sub(b double) double { return a.add(b.neg()) }

func (a double) mul(b double) double {
	p := product(a.hi, b.hi)
	return join(p.hi, p.lo+(float64(a.hi*b.lo)+float64(a.lo*b.hi)))
}

// div divides by hand, a float64 of the quotient at a time.
func (a double) div(b double) double {
	q1 := a.hi / b.hi
	rest := a.sub(b.mul(whole(q1)))
	q2 := rest.hi / b.hi
	rest = rest.sub(b.mul(whole(q2)))
	return join(q1, q2).add(whole(rest.hi / b.hi))
}

func (a double) sqrt() double {
	if a.hi == 0 {
		return a
	}
	root := math.Sqrt(a.hi)
	return join(root, a.sub(product(root, root)).hi/(root+root))
}

// Go's constants have more digits than a double. The first float64 of each is written out,
// so that the compiler can make the second.
const (
	piHigh   = 0x1.921fb54442d18p+1
	ln2High  = 0x1.62e42fefa39efp-1
	sqrtHalf = 1 / math.Sqrt2
)

var (
	one = whole(1)
	pi  = double{piHigh, math.Pi - piHigh}
	ln2 = double{ln2High, math.Ln2 - ln2High}

	// inverse holds 1/n, for the series.
	inverse = func() (list [50]double) {
		for n := 1; n < len(list); n++ {
			list[n] = one.div(whole(float64(n)))
		}
		return list
	}()
)
