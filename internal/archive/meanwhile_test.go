package archive

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"abraxas.dev/ers/internal/audit"
)

// pruning is a site with an archive of its windows, and a function that prunes with it when it is called
// first, as somebody else does who comes between the messages that are read.
func pruning(t *testing.T, objectsStay bool) (s *site, prune func(done, total int64), end uint64) {
	s = newSite(t)
	stop := s.services()
	s.windowOf("p", "one", s.list, 500) // of so many frames that a reader tells of its progress
	end = s.windowOf("p", "two", "both", 500) + 1
	if objectsStay {
		s.window("p", "one", s.list)
		s.window("p", "two", "both")
	}
	stop()
	a, dir := s.archive(Choice{Before: end})
	pruned := false
	return s, func(int64, int64) {
		if pruned {
			return
		}
		pruned = true
		if done, err := Prune(t.Context(), s.bus, a, dir, Bounds{}); err != nil || len(done.Windows) != 2 {
			t.Errorf("%+v, %v", done, err)
		}
	}, end
}

// What is freed while an audit reads is no finding.
func TestPrunedDuringAudit(t *testing.T) {
	s, prune, _ := pruning(t, false)
	r, err := audit.Run(t.Context(), s.bus, audit.Options{Progress: prune})
	if err != nil || r.New != 0 || len(r.Archived) != 2 {
		t.Errorf("%v\n%s", err, r.AppendText(nil))
	}
}

// What is freed while an archive is written leaves none that lacks it.
func TestPrunedDuringArchive(t *testing.T) {
	for _, objectsStay := range []bool{false, true} {
		s, prune, end := pruning(t, objectsStay)
		dir := filepath.Join(t.TempDir(), "half")
		_, _, err := Write(t.Context(), s.bus, dir, Choice{Before: end}, prune)
		if err == nil || !strings.Contains(err.Error(), "was pruned while it was read") {
			t.Errorf("objects stay: %t: %v", objectsStay, err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("an archive is there: %v", err)
		}
	}
}

// What somebody else frees while a prune compares is no difference.
func TestPrunedDuringPrune(t *testing.T) {
	s := newSite(t)
	stop := s.services()
	one := s.window("p", "one", s.list)
	stop()
	a, dir := s.archive(Choice{Before: one + 1})
	checks := 0
	p := &pruner{ctx: t.Context(), bus: s.bus, archive: a, place: dir, step: func(step string) error {
		if step != "check" {
			return nil
		}
		if checks++; checks > 1 {
			return nil
		}
		_, err := Prune(t.Context(), s.bus, a, dir, Bounds{})
		return err
	}}
	if done, err := p.run(); err != nil || done.Already != 1 || checks != 2 {
		t.Errorf("%+v after %d checks, %v", done, checks, err)
	}
}
