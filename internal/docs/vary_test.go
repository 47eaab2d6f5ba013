package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"abraxas.dev/ers/pkg/vary"
)

// The table of variations names all of them, in their order.
func TestVariations(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/variations.md"))
	if err != nil {
		t.Fatal(err)
	}
	var names []vary.Name
	for _, row := range regexp.MustCompile("(?m)^[|] `([a-z]+)` [|]").FindAllSubmatch(text, -1) {
		names = append(names, vary.Name(row[1]))
	}
	if !slices.Equal(names, vary.All) {
		t.Errorf("the table has %v, there are %v", names, vary.All)
	}
}
