package archive

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"abraxas.dev/ers/internal/audit"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

const streamsFolder = "jetstream/$G/streams"

// copyOf is a copy of an archive, with one thing changed.
func copyOf(t *testing.T, archive string, change func(dir string) error) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	err := os.CopyFS(dir, os.DirFS(archive))
	if err == nil {
		err = change(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Nothing is freed by an archive of which a part is missing, is another one's or lies elsewhere,
// and what is wrong is said of the archive. What stands beside its files does no harm.
func TestDamaged(t *testing.T) {
	s := newSite(t)
	stop := s.services()
	one := s.window("p", "one", s.list)
	s.window("p", "two", "both")
	stop()
	whole, dir := s.archive(Choice{Windows: []uint64{one}})
	of := func(stream string) string { return filepath.Join(streamsFolder, stream) }
	remove := func(name string) func(string) error {
		return func(dir string) error { return os.RemoveAll(filepath.Join(dir, name)) }
	}
	type test struct {
		change func(dir string) error
		said   string
		audit  events.Outcome // "": it cannot be audited
	}
	tests := map[string]test{
		"a link": {func(dir string) error {
			block, moved := filepath.Join(dir, of(events.StreamTrace), "msgs/2.blk"), filepath.Join(t.TempDir(), "2.blk")
			return errors.Join(os.Rename(block, moved), os.Symlink(moved, block))
		}, "2.blk is a link", events.Pass},
		"another's stream": {func(dir string) error {
			a, b, c := filepath.Join(dir, of(events.StreamTrace)), filepath.Join(dir, of(events.StreamDigest)), filepath.Join(dir, "c")
			return errors.Join(os.Rename(a, c), os.Rename(b, a), os.Rename(c, b))
		}, "a stream is missing in it", events.Fail},
		"a manifest that was cut": {func(dir string) error { return os.Truncate(filepath.Join(dir, events.ArchiveName), 300) }, "take another copy of the archive", ""},
		"a manifest that is none": {func(dir string) error {
			file := filepath.Join(dir, events.ArchiveName)
			return errors.Join(os.Remove(file), os.Mkdir(file, 0o700))
		}, events.ArchiveName + ": read", unreadable},
		"no manifest":          {remove(events.ArchiveName), "is no archive: it has no " + events.ArchiveName, events.Fail},
		"objects that are cut": {remove(of(bus.StreamObjects) + "/msgs"), "submit the files that it was made of again", events.Fail},
	}
	for _, stream := range append([]string{bus.StreamObjects}, events.ArchivedStreams...) {
		tests["no "+stream] = test{remove(of(stream)), stream + ": there is no such stream", events.Fail}
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			dir := copyOf(t, dir, c.change)
			a, err := Open(t.Context(), embedded.Config{StoreDir: dir}, nil)
			if err == nil {
				_, err = Prune(t.Context(), s.bus, a, dir, Bounds{})
				err = errors.Join(err, a.Close())
				if !errors.Is(err, ErrDiffers) {
					t.Errorf("%v", err)
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.said) {
				t.Errorf("%v, want %q", err, c.said)
			}
			auditFolder(t, dir, c.audit)
		})
	}
	if done, err := Prune(t.Context(), s.bus, whole, dir, Bounds{}); err != nil || len(done.Windows) != 1 {
		t.Errorf("something was freed before: %+v, %v", done, err)
	}
	beside := copyOf(t, dir, func(dir string) error { return os.WriteFile(filepath.Join(dir, "zz.txt"), []byte("note"), 0o600) })
	if again, err := Prune(t.Context(), s.bus, s.open(beside), beside, Bounds{}); err != nil || again.Already != 1 {
		t.Errorf("%+v, %v", again, err)
	}
	auditFolder(t, beside, events.Pass)
}

// unreadable is the outcome of an audit that does not come to read anything.
const unreadable = events.Outcome("unreadable")

// auditFolder audits an archive as `ers audit --store` does.
func auditFolder(t *testing.T, dir string, want events.Outcome) {
	t.Helper()
	manifest, err := ManifestText(dir)
	if want == unreadable && err != nil {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := embedded.OpenCopy(t.Context(), embedded.Config{StoreDir: dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	r, err := audit.Run(t.Context(), b, audit.Options{Archive: manifest})
	if want == "" {
		if err == nil || !strings.Contains(err.Error(), "take another copy of the archive") {
			t.Errorf("audit: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatalf("audit: %v", err)
	}
	text := string(r.AppendText(nil))
	if r.Outcome != want {
		t.Errorf("audit: %s", text)
	}
	if want == events.Fail && manifest != nil && !strings.Contains(text, "The archive is damaged") {
		t.Errorf("audit: %s", text)
	}
}

// What was left by an archive that was killed is removed by the next of that name; what another
// one is at work on stays, and so does what has another name.
func TestLeft(t *testing.T) {
	s := newSite(t)
	stop := s.services()
	one := s.window("p", "one", s.list)
	stop()
	parent := t.TempDir()
	hour := time.Now().Add(-time.Hour)
	for _, name := range []string{".ke*pt.new-1", ".ke*pt.new-2", ".kept.new-3", ".ke*pt.new-4", ".ke*pt.new-mine"} {
		dir := filepath.Join(parent, name)
		if err := os.MkdirAll(filepath.Join(dir, "jetstream"), 0o700); err != nil {
			t.Fatal(err)
		}
		if name == ".ke*pt.new-4" {
			continue // which is new
		}
		if err := os.Chtimes(dir, hour, hour); err != nil {
			t.Fatal(err)
		}
	}
	lock, err := embedded.LockFolder(filepath.Join(parent, ".ke*pt.new-2"))
	if err != nil {
		t.Skipf("no folder can be locked here: %v", err)
	}
	defer lock.Close()
	if _, _, err := Write(t.Context(), s.bus, filepath.Join(parent, "ke*pt"), Choice{Windows: []uint64{one}}, nil); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(parent)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range left {
		names = append(names, e.Name())
	}
	if got, want := strings.Join(names, " "), ".ke*pt.new-2 .ke*pt.new-4 .ke*pt.new-mine .kept.new-3 ke*pt"; got != want {
		t.Errorf("there is %s, want %s", got, want)
	}
}
