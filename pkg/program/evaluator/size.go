package evaluator

import (
	"fmt"
	"strconv"
	"strings"
)

// Size is a number of bytes that reads and writes itself as people do: 512MiB, 1GiB.
type Size int64

var units = []struct {
	bits int
	name string
}{{40, "TiB"}, {30, "GiB"}, {20, "MiB"}, {10, "KiB"}}

// MinMemory is the least that an evaluator can work in.
const MinMemory = 64 << 20

// String writes the size in the largest unit in which it is whole.
func (s Size) String() string {
	for _, unit := range units {
		if s != 0 && s%(1<<unit.bits) == 0 {
			return fmt.Sprintf("%d%s", s>>unit.bits, unit.name)
		}
	}
	return fmt.Sprintf("%d", int64(s))
}

// UnmarshalText reads a size that an evaluator may be given.
func (s *Size) UnmarshalText(text []byte) error {
	number, bits := string(text), 0
	for _, unit := range units {
		if n, ok := strings.CutSuffix(number, unit.name); ok {
			number, bits = n, unit.bits
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n<<bits>>bits != n {
		return fmt.Errorf("%.40q is no size: want a number of bytes, or one with KiB, MiB or GiB, as in 512MiB", text)
	}
	if n<<bits < MinMemory {
		return fmt.Errorf("%s is too little for an evaluator: want %s or more", text, Size(MinMemory))
	}
	*s = Size(n << bits)
	return nil
}
