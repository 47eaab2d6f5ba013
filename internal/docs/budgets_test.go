package docs

import (
	"os"
	"path/filepath"
	"testing"

	"abraxas.dev/ers/internal/testsize"
)

// The pipeline of docs/budgets.md is one, and the commands print what stands below them.
func TestBudgets(t *testing.T) {
	testsize.NeedsWhole(t)
	checkFilesAndConsole(t, "docs/budgets.md")
}

// The programs of docs/variations.md drift as it says.
func TestVariationsShown(t *testing.T) {
	testsize.NeedsWhole(t)
	checkFilesAndConsole(t, "docs/variations.md")
}

// Windows are archived and pruned as docs/retention.md says.
func TestRetention(t *testing.T) {
	t.Parallel()
	checkFilesAndConsole(t, "docs/retention.md")
}

// checkFilesAndConsole writes the files that a document shows, and runs its commands.
func checkFilesAndConsole(t *testing.T, doc string) {
	t.Helper()
	text := readFile(t, doc)
	dir := t.TempDir()
	for _, found := range fileBlock.FindAllStringSubmatch(text, -1) {
		if err := os.WriteFile(filepath.Join(dir, found[1]), []byte(found[2]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	checkConsole(t, text, dir)
}
