package archive

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/events"
)

// An archive has what the server has, and what was changed or cut is found.
func TestWrite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stop := s.services()
	one := s.window("p", "one", s.list)
	two := s.window("q", "two", "both")
	stop()
	a, dir := s.archive(Choice{Before: two + 1})
	if len(a.Windows) != 2 || a.Windows[0].Window != one || a.Windows[0].Outcome != events.Pass {
		t.Fatalf("%+v", a.Windows)
	}
	if n := len(a.Windows[0].Objects); n != 4 { // definition, contexts, list and what it lists
		t.Errorf("%d objects: %v", n, a.Windows[0].Objects)
	}
	if err := a.Check(t.Context(), s.bus, nil); err != nil {
		t.Error(err)
	}
	if _, _, err := Write(t.Context(), s.bus, dir, Choice{Before: 9}, nil); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("written twice: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	b, _ := s.archive(Choice{Windows: []uint64{two}})
	if len(b.Windows) != 1 || b.Check(t.Context(), s.bus, nil) != nil {
		t.Errorf("%+v", b.Windows)
	}
}

// A late message of a window keeps it from being pruned, and a changed archive is refused.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stop := s.services()
	one := s.window("p", "one", s.list)
	stop()
	a, dir := s.archive(Choice{Before: one + 1})

	file := filepath.Join(dir, events.ArchiveName)
	manifest, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{{`"outcome":"pass"`, `"outcome":"fail"`}, {`"messages":12,`, `"messages":11,`}, {a.Windows[0].VerdictSHA256, a.Windows[0].Request}} {
		text := strings.Replace(string(manifest), change[0], change[1], 1)
		if text == string(manifest) {
			t.Fatalf("the manifest has no %s: %s", change[0], manifest)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Prune(t.Context(), s.bus, s.open(dir), dir, Bounds{}); !errors.Is(err, ErrDiffers) {
			t.Errorf("%s: %v", change[1], err)
		}
	}
	if err := os.WriteFile(file, append(manifest, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ReadManifest(dir); err == nil || !strings.Contains(err.Error(), "not canonical") {
		t.Errorf("%v", err)
	}

	subject := events.TraceSubject(events.RunKey{Pipeline: "p", Window: one})
	m, err := s.bus.Last(t.Context(), events.StreamTrace, subject)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.bus.Append(t.Context(), subject, m.Seq, []byte("late")); err != nil {
		t.Fatal(err)
	}
	if _, err := Prune(t.Context(), s.bus, a, dir, Bounds{}); !errors.Is(err, ErrDiffers) {
		t.Errorf("a late frame: %v", err)
	}
	if n := s.messages(one); n == 0 {
		t.Error("it was freed")
	}
}
