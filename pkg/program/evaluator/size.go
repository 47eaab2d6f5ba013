package evaluator

import (
	"fmt"

	"abraxas.dev/ers/internal/size"
)

// Size is a number of bytes that reads and writes itself as people do: 512MiB, 1GiB.
type Size int64

// MinMemory is the least that an evaluator can work in.
const MinMemory = 64 << 20

// String writes the size in the largest unit in which it is whole.
func (s Size) String() string { return size.Format(int64(s)) }

// UnmarshalText reads a size that an evaluator may be given.
func (s *Size) UnmarshalText(text []byte) error {
	n, err := size.Parse(string(text))
	if err != nil {
		return err
	}
	if n < MinMemory {
		return fmt.Errorf("%s is too little for an evaluator: want %s or more", text, Size(MinMemory))
	}
	*s = Size(n)
	return nil
}
