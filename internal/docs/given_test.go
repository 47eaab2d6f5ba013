package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/program/exec"
)

// The variables that every process is given are those that the docs name.
func TestGivenVariables(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs/try.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "- Of the environment:")
	list, _, _ = strings.Cut(list, "These folders")
	named := strings.FieldsFunc(list, func(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') })
	found := make(map[string]bool)
	for _, name := range named {
		found[name] = true
	}
	for _, name := range exec.GivenNames() {
		if !found[name] {
			t.Errorf("docs/try.md does not name %s", name)
		}
	}
}
