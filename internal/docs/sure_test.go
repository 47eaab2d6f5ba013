package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"abraxas.dev/ers/internal/testsize"
	"abraxas.dev/ers/pkg/sure"
)

const stabilisation = "docs/stabilisation.md"

// The tables of how many runs say what are computed here.
func TestSureTables(t *testing.T) {
	text := readFile(t, stabilisation)
	for _, row := range append(excludedRows(), neededRows(t)...) {
		if !strings.Contains(text, "\n"+row+"\n") {
			t.Errorf("%s has no row %s", stabilisation, row)
		}
	}
}

func excludedRows() (rows []string) {
	for _, runs := range []int{2, 3, 6, 12, 24, 48, 100, 459, 1000} {
		oneIn, percent := sure.Excludes(runs)
		rows = append(rows, fmt.Sprintf("| %d | 1 of %d runs | %d %% |", runs, oneIn, percent))
	}
	return rows
}

func neededRows(t *testing.T) (rows []string) {
	for _, rate := range []float64{0.5, 0.25, 0.1, 0.05, 0.01, 0.001} {
		row := fmt.Sprintf("| %s runs | %v |", sure.Share(rate), rate)
		for _, confidence := range []float64{0.9, 0.95, 0.99, 0.999} {
			n, err := sure.Runs(confidence, rate)
			if err != nil {
				t.Fatal(err)
			}
			row += fmt.Sprintf(" %d |", n)
		}
		rows = append(rows, row)
	}
	return rows
}

// Its commands print what stands below them.
func TestStabilisation(t *testing.T) {
	testsize.NeedsWhole(t)
	dir := t.TempDir()
	for _, name := range []string{"examples", "docs"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(root, name))); err != nil {
			t.Fatal(err)
		}
	}
	checkConsole(t, readFile(t, stabilisation), dir)
}
