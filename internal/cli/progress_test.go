package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBarFits(t *testing.T) {
	for _, columns := range []int{20, 40, 60, 80, 120} {
		out, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		bar := newBar(&streams{err: out, widthErr: columns}, 3, "copying the store to read it")
		_ = bar.Set(1)
		_ = bar.Clear()
		data, err := os.ReadFile(out.Name())
		if err != nil || !strings.Contains(string(data), "33%") {
			t.Fatalf("%d columns: %q, %v", columns, data, err)
		}
		for line := range strings.SplitSeq(string(data), "\r") {
			if len([]rune(line)) > columns {
				t.Errorf("%d columns: %q", columns, line)
			}
		}
	}
}
