package audit

import "math/big"

// excluded is what equal runs exclude, in whole numbers: the rarest difference, in one of
// k runs, that would have shown with 95 % at least, or one in every other run where none
// would. Of k^runs ways in which runs can come out, (k-1)^runs have it nowhere and one
// everywhere.
func excluded(runs int) *excludes {
	k := int64(2)
	seen, all := ways(k, runs)
	for {
		rarer, of := ways(k+1, runs)
		if !atLeast(rarer, of, 95) {
			break
		}
		k, seen, all = k+1, rarer, of
	}
	// Rounded: (100 seen + all/2) / all, without a half.
	twice := new(big.Int).Lsh(all, 1)
	percent := new(big.Int).Mul(seen, big.NewInt(200))
	percent.Add(percent, all).Div(percent, twice)
	return &excludes{OneIn: int(k), Percent: int(percent.Int64())}
}

// ways counts those in which a difference is seen, and all.
func ways(k int64, runs int) (seen, all *big.Int) {
	power := func(x int64) *big.Int { return new(big.Int).Exp(big.NewInt(x), big.NewInt(int64(runs)), nil) }
	all = power(k)
	seen = new(big.Int).Sub(all, power(k-1))
	return seen.Sub(seen, big.NewInt(1)), all
}

func atLeast(part, all *big.Int, percent int64) bool {
	return new(big.Int).Mul(part, big.NewInt(100)).Cmp(new(big.Int).Mul(all, big.NewInt(percent))) >= 0
}
