package portable

import (
	"math"
	"math/big"
	"sync"
)

// piBits is how many bits of pi behind the point it takes for the largest float64.
const piBits = 1280

// longPi is pi * 2**piBits, by Machin's formula: 16 arctan 1/5 - 4 arctan 1/239.
var longPi = sync.OnceValue(func() *big.Int {
	const spare = 64
	arctan := func(times, inverse int64) *big.Int {
		power := new(big.Int).Lsh(big.NewInt(times), piBits+spare)
		power.Quo(power, big.NewInt(inverse))
		total, square := new(big.Int), big.NewInt(-inverse*inverse)
		for n := int64(1); power.Sign() != 0; n += 2 {
			total.Add(total, new(big.Int).Quo(power, big.NewInt(n)))
			power.Quo(power, square)
		}
		return total
	}
	x := arctan(16, 5)
	return x.Sub(x, arctan(4, 239)).Rsh(x, spare)
})

// angle returns what is left of x, which is finite, without the nearest multiple of pi/2,
// and which multiple that is, of every four. It computes with integers: what is left can
// be as little as 2**-62.
func angle(x float64) (rest double, quarter int) {
	if math.Abs(x) < math.Pi/4 {
		return whole(x), 0
	}
	m, e := math.Frexp(x)
	e -= 53 // x is an integer of 53 bits times 2**e
	behind := max(e+53, 0) + 180
	half := new(big.Int).Rsh(longPi(), uint(piBits+1-behind))
	n := big.NewInt(int64(math.Ldexp(m, 53)))
	n.Lsh(n, uint(e+behind))
	n.Add(n, new(big.Int).Rsh(half, 1))
	multiple, left := new(big.Int).DivMod(n, half, new(big.Int))
	left.Sub(left, new(big.Int).Rsh(half, 1))
	f := new(big.Float).SetInt(left)
	f.SetMantExp(f, -behind)
	hi, _ := f.Float64()
	lo, _ := f.Sub(f, big.NewFloat(hi)).Float64()
	return double{hi, lo}, int(multiple.And(multiple, big.NewInt(3)).Int64())
}
