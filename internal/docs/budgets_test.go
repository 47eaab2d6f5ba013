package docs

import (
	"os"
	"path/filepath"
	"testing"
)

// The pipeline of docs/budgets.md is one, and the commands print what stands below them.
func TestBudgets(t *testing.T) {
	text := readFile(t, "docs/budgets.md")
	dir := t.TempDir()
	for _, found := range fileBlock.FindAllStringSubmatch(text, -1) {
		if err := os.WriteFile(filepath.Join(dir, found[1]), []byte(found[2]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	checkConsole(t, text, dir)
}
