package workertest

import (
	"fmt"

	"abraxas.dev/ers/pkg/canon"
)

// object keeps a content that the worker may ask for, and returns the value by which a
// result names it.
func (s *suite) object(name string, data []byte) canon.Value {
	sum := canon.Sum(data).String()
	s.contents[sum] = data
	return canon.Value(fmt.Sprintf(`{"name":%q,"sha256":%q,"size":%d}`, name, sum, len(data)))
}
