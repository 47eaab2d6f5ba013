// Package size reads and writes numbers of bytes as people do: 512MiB, 1GiB.
package size

import (
	"fmt"
	"strconv"
	"strings"
)

var units = []struct {
	bits int
	name string
}{{40, "TiB"}, {30, "GiB"}, {20, "MiB"}, {10, "KiB"}}

// Format writes a number of bytes in the largest unit in which it is whole.
func Format(bytes int64) string {
	for _, unit := range units {
		if bytes != 0 && bytes%(1<<unit.bits) == 0 {
			return fmt.Sprintf("%d%s", bytes>>unit.bits, unit.name)
		}
	}
	return strconv.FormatInt(bytes, 10)
}

// Parse reads a number of bytes, 0 or more.
func Parse(text string) (int64, error) {
	number, bits := text, 0
	for _, unit := range units {
		if n, ok := strings.CutSuffix(number, unit.name); ok {
			number, bits = n, unit.bits
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n<<bits>>bits != n {
		return 0, fmt.Errorf("%.40q is not a size: want a number of bytes, or one with KiB, MiB or GiB, as in 512MiB", text)
	}
	return n << bits, nil
}
