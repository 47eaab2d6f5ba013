package page

import (
	"os"
	"path/filepath"
	"testing"
)

// TestExportedPage opens an exported file as a browser does from a disk.
func TestExportedPage(t *testing.T) {
	t.Parallel()
	s := newStation(t)
	window := s.judged(oracle(t), drill(7, 1, "oracle:compress", "value"))
	p := newTab(t, s, desktop)
	dir := t.TempDir()
	for name, write := range map[string]func(*os.File) error{
		"window.html": func(f *os.File) error { return ExportHTML(t.Context(), s.bus, window, f) },
		"window.svg":  func(f *os.File) error { return ExportSVG(t.Context(), s.bus, window, f) },
	} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := write(f); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	p.goTo("file://" + filepath.Join(dir, "window.html"))
	p.see(".verdict.fail", "run 7 differs")
	p.see("mark", "7")
	p.click("#theme")
	p.until(`document.documentElement.dataset.theme === "light"`)
	for _, text := range eval[[]string](p, faint) {
		t.Errorf("hard to read: %s", text)
	}

	p.goTo("file://" + filepath.Join(dir, "window.svg"))
	p.until(`document.querySelectorAll("rect").length > 100`)
	p.show("export-svg")
}
