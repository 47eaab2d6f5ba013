package vary

import (
	"math/bits"
	"slices"
	"sync"
)

// block is in how many runs each variation splits the runs about in half.
const block = 12

// columns say in which runs of a block variations are varied: bit i stands for run i of
// it. Bit 0 is in none: that run is plain. Each has half of the bits, and any two differ in
// four at least, so that neither holds the other. They are found in the order of their
// numbers, with the bits read from the last run to the first so that the first runs of a
// block differ soon.
var columns = sync.OnceValue(func() (list []uint16) {
	for word := uint16(0); word < 1<<(block-1); word++ {
		column := bits.Reverse16(word) >> (16 - block)
		apart := func(other uint16) bool { return bits.OnesCount16(column^other) >= 4 }
		if bits.OnesCount16(column) == block/2 && !slices.ContainsFunc(list, func(other uint16) bool { return !apart(other) }) {
			list = append(list, column)
		}
	}
	return list
})

// step is how far the columns of neighbours in All lie apart. Neighbours in the list of
// columns are much alike; those that far apart are not.
const step = 7

// stride is by how many columns the variations move on from block to block, so that many
// windows of one case tell apart what one does not.
const stride = 5

// Varied tells whether a variation is varied in a run, counted over all windows of a
// case, from 0.
func Varied(name Name, run int64) bool {
	at := slices.Index(All, name)
	if at < 0 || run < 0 {
		return false
	}
	list := columns()
	column := list[(int64(at)*step+run/block*stride)%int64(len(list))]
	return column>>(run%block)&1 == 1
}
