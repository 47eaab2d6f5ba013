package audit

import (
	"slices"
	"testing"

	"abraxas.dev/ers/pkg/vary"
)

// The audit knows the variations that there are, in their order.
func TestVariations(t *testing.T) {
	var want []string
	for _, name := range vary.All {
		want = append(want, string(name))
	}
	if !slices.Equal(variations, want) {
		t.Errorf("%v, want %v", variations, want)
	}
}
