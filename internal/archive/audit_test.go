package archive

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"abraxas.dev/ers/internal/audit"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/events"
)

func mustAudit(t *testing.T, b *bus.Bus) *audit.Report {
	t.Helper()
	r, err := audit.Run(t.Context(), b, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// auditOf audits and wants nothing to be wrong.
func auditOf(t *testing.T, b *bus.Bus, what string) *audit.Report {
	t.Helper()
	r := mustAudit(t, b)
	if r.New > 0 {
		t.Errorf("%s: %s", what, r.AppendText(nil))
	}
	return r
}

// An audit of the archive passes, and one of the rest says what is elsewhere.
func TestAudit(t *testing.T) {
	s := newSite(t)
	stop := s.services()
	one, two := s.window("p", "one", s.list), s.window("p", "two", "both")
	stop()
	a, dir := s.archive(Choice{Windows: []uint64{one}})
	manifest, err := os.ReadFile(filepath.Join(dir, events.ArchiveName))
	if err != nil {
		t.Fatal(err)
	}
	of := func(manifest []byte) *audit.Report {
		r, err := audit.Run(t.Context(), a.bus, audit.Options{Archive: manifest})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := of(manifest); r.Outcome != events.Pass || r.Pass != 1 || r.ArchiveSHA256 != a.SHA256 {
		t.Errorf("%s", r.AppendText(nil))
	}
	if r := of([]byte(strings.Replace(string(manifest), `"messages":12,`, `"messages":11,`, 1))); r.Outcome != events.Fail || r.New != 1 {
		t.Errorf("%s", r.AppendText(nil))
	}
	if r := of(nil); r.Outcome != events.Fail { // as if it were a store from which messages were lost
		t.Errorf("%s", r.AppendText(nil))
	}
	if _, err := Prune(t.Context(), s.bus, a, "/archives/a", Bounds{}); err != nil {
		t.Fatal(err)
	}
	r := auditOf(t, s.bus, "the rest")
	if r.Outcome != events.Pass || r.Pass != 1 || len(r.Archived) != 1 || r.Archived[0].Archive != "/archives/a" || r.Archived[0].Left != 0 {
		t.Errorf("%s", r.AppendText(nil))
	}
	// What is missing beyond the tombstones is found.
	if err := s.bus.Free(t.Context(), events.StreamTrace, events.TraceSubject(events.RunKey{Pipeline: "p", Window: two}), 1<<40); err != nil {
		t.Fatal(err)
	}
	r, err = audit.Run(t.Context(), s.bus, audit.Options{})
	if err != nil || r.Outcome != events.Fail {
		t.Errorf("%s", r.AppendText(nil))
	}
}

// Tombstones that are not true explain nothing, and what comes behind one is found.
func TestUntrue(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*events.Pruned){
		"another request": func(p *events.Pruned) { p.Request = p.ArchiveSHA256 },
		"another verdict": func(p *events.Pruned) { p.VerdictSHA256 = p.ArchiveSHA256 },
		"another outcome": func(p *events.Pruned) { p.Outcome = events.Fail },
		"fewer messages":  func(p *events.Pruned) { p.Parts[0].Messages-- },
		"other sequences": func(p *events.Pruned) { p.Parts[0].First++; p.Parts[0].Last++ },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			stop := s.services()
			one := s.window("p", "one", s.list)
			s.window("p", "two", "both")
			stop()
			a, dir := s.archive(Choice{Windows: []uint64{one}})
			p := a.tombstone(&a.Windows[0], dir)
			change(p)
			data, err := events.Encode(p)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.bus.Append(t.Context(), events.PrunedSubject("p", one), 0, data); err != nil {
				t.Fatal(err)
			}
			if _, err := Prune(t.Context(), s.bus, a, dir, Bounds{}); !errors.Is(err, ErrDiffers) {
				t.Errorf("pruned by it: %v", err)
			}
			if err := (&pruner{ctx: t.Context(), bus: s.bus, gone: map[uint64]*events.Pruned{one: a.tombstone(&a.Windows[0], dir)}, step: func(string) error { return nil }}).free(&a.Windows[0]); err != nil {
				t.Fatal(err)
			}
			if r := mustAudit(t, s.bus); r.Outcome != events.Fail {
				t.Errorf("%s", r.AppendText(nil))
			}
		})
	}

	s := newSite(t)
	stop := s.services()
	one := s.window("p", "one", s.list)
	s.window("p", "two", "both")
	stop()
	a, dir := s.archive(Choice{Windows: []uint64{one}})
	if _, err := Prune(t.Context(), s.bus, a, dir, Bounds{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.bus.Append(t.Context(), events.TraceSubject(events.RunKey{Pipeline: "p", Window: one}), 0, []byte("late")); err != nil {
		t.Fatal(err)
	}
	r := mustAudit(t, s.bus)
	if r.Outcome != events.Fail || r.New != 1 || !strings.Contains(r.Findings[0].Message, "which is not among those of its archive") {
		t.Errorf("%s", r.AppendText(nil))
	}
}
