package embedded_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// folder is everything about the files in a folder.
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		line := fmt.Sprint(info.Mode(), info.ModTime())
		if !e.IsDir() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %x", sha256.Sum256(data))
		}
		found[path] = line
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

const keptFrames = 5

// kept makes a store with frames in it.
func kept(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	b, err := embedded.Open(t.Context(), embedded.Config{StoreDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for i := range keptFrames {
		if _, err := b.Append(t.Context(), trace, uint64(i), []byte(strings.Repeat("frame", 100))); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// readAll reads what is there of the frames.
func readAll(ctx context.Context, b *bus.Bus) (n int, err error) {
	for _, err := range b.Read(ctx, events.StreamTrace, "", 1, 0) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Reading changes no byte of a store, whatever its state, and leaves nothing behind.
func TestCopyLeavesStoreAlone(t *testing.T) {
	const msgs = "jetstream/$G/streams/" + events.StreamTrace + "/msgs/"
	change := func(name string, change func(data []byte) []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), change(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	consumer := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{"meta.inf", "meta.sum"} {
				if err := os.WriteFile(filepath.Join(dir, name, file), []byte(`{"name":"odd","unknown":1}`), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	flip := func(data []byte) []byte { data[len(data)/2] ^= 1; return data }
	cut := func(data []byte) []byte { return data[:len(data)/2] }
	for _, c := range []struct {
		name   string
		damage []func(t *testing.T, dir string)
		frames int // that can be read, -1: how many is the server's business
	}{
		{"healthy", nil, keptFrames},
		{"flipped bit", []func(*testing.T, string){change(msgs+"1.blk", flip)}, -1},
		{"flipped bit and no index", []func(*testing.T, string){change(msgs+"1.blk", flip), remove(msgs + "index.db")}, -1},
		{"cut short", []func(*testing.T, string){change(msgs+"1.blk", cut)}, -1},
		{"cut short and no index", []func(*testing.T, string){change(msgs+"1.blk", cut), remove(msgs + "index.db")}, -1},
		{"no index", []func(*testing.T, string){remove(msgs + "index.db")}, keptFrames},
		{"damaged index", []func(*testing.T, string){change(msgs+"index.db", flip)}, keptFrames},
		{"damaged consumer", []func(*testing.T, string){consumer("jetstream/$G/streams/" + events.StreamTrace + "/obs/odd")}, keptFrames},
		{"no lock", []func(*testing.T, string){remove("store.lock")}, keptFrames},
		{"no stream", []func(*testing.T, string){remove("jetstream/$G/streams/" + events.StreamTrace)}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := kept(t)
			for _, damage := range c.damage {
				damage(t, dir)
			}
			t.Setenv("TMPDIR", t.TempDir())
			before := folder(t, dir)
			var done, total int64
			b, err := embedded.OpenCopy(t.Context(), embedded.Config{StoreDir: dir}, func(d, n int64) { done, total = d, n })
			if err != nil {
				t.Fatal(err)
			}
			n, err := readAll(t.Context(), b)
			if missing := errors.Is(err, bus.ErrNoStream); missing != (c.name == "no stream") || !missing && err != nil {
				t.Error(err)
			} else if missing && !strings.Contains(err.Error(), events.StreamTrace) {
				t.Errorf("%v does not say which", err)
			}
			if c.frames >= 0 && n != c.frames || c.frames < 0 && n >= keptFrames {
				t.Errorf("%d frames can be read", n)
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(before, folder(t, dir)); diff != "" {
				t.Errorf("the store is changed:\n%s", diff)
			}
			if done == 0 || done != total {
				t.Errorf("%d of %d bytes copied", done, total)
			}
			noCopies(t)
		})
	}
}

func noCopies(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}

// A store in use is not copied, two may read one at the same time, and a copy that is
// interrupted is removed, as is one that a killed process left.
func TestCopyIsRemoved(t *testing.T) {
	dir := kept(t)
	t.Setenv("TMPDIR", t.TempDir())
	c := embedded.Config{StoreDir: dir}

	owner, err := embedded.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.OpenCopy(t.Context(), c, nil); err == nil || !strings.Contains(err.Error(), dir+" is in use by another process") {
		t.Errorf("store in use: %v", err)
	}
	if err := owner.Close(); err != nil {
		t.Fatal(err)
	}

	ctx, interrupt := context.WithCancel(t.Context())
	if _, err := embedded.OpenCopy(ctx, c, func(int64, int64) { interrupt() }); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	noCopies(t)

	hour := time.Now().Add(-time.Hour)
	left := filepath.Join(os.TempDir(), "ers-copy-1")
	if err := errors.Join(os.MkdirAll(filepath.Join(left, "jetstream"), 0o700), os.Chtimes(left, hour, hour)); err != nil {
		t.Fatal(err)
	}
	one, err := embedded.OpenCopy(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), "ers-copy-*"))
	if err != nil || len(folders) != 1 || folders[0] == left {
		t.Errorf("copies: %v, %v", folders, err)
	}
	if err := os.Chtimes(folders[0], hour, hour); err != nil {
		t.Fatal(err)
	}
	other, err := embedded.OpenCopy(t.Context(), c, nil) // it does not remove the first, which is in use
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []*bus.Bus{one, other} {
		if n, err := readAll(t.Context(), b); n != keptFrames || err != nil {
			t.Errorf("%d frames, %v", n, err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	noCopies(t)
}

func TestCopyErrors(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	empty := t.TempDir()
	odd := kept(t)
	if err := os.Symlink(t.TempDir(), filepath.Join(odd, "jetstream", "link")); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		empty:                       empty + " is not a store",
		odd:                         "link is not a file",
		filepath.Join(empty, "sub"): "no such file",
	} {
		if _, err := embedded.OpenCopy(t.Context(), embedded.Config{StoreDir: dir}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	noCopies(t)
}

// Who only reads takes sealed streams, makes none, and puts nothing.
func TestReadOnly(t *testing.T) {
	server := bustest.NewServer(t)
	readOnly := func() *bus.Bus {
		return bustest.Open(t, func(c *embedded.Config) { c.URL, c.StoreDir, c.ReadOnly = server.URL(), "", true })
	}
	b := readOnly()
	if _, err := readAll(t.Context(), b); !errors.Is(err, bus.ErrNoStream) {
		t.Errorf("no streams: %v", err)
	}
	if _, err := b.GetObject(t.Context(), strings.Repeat("0", 64)); !errors.Is(err, bus.ErrNoStream) {
		t.Errorf("no bucket: %v", err)
	}
	names := b.JetStream().StreamNames(t.Context())
	for name := range names.Name() {
		t.Errorf("stream %s was made", name)
	}

	writer := bustest.Connect(t, server.URL())
	if _, err := writer.Append(t.Context(), trace, 0, []byte("x")); err != nil {
		t.Fatal(err)
	}
	sha, err := writer.PutObject(t.Context(), []byte("object"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range b.JetStream().StreamNames(t.Context()).Name() {
		s, err := b.JetStream().Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		c := s.CachedInfo().Config
		c.Sealed = true
		if _, err := b.JetStream().UpdateStream(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	b = readOnly()
	if n, err := readAll(t.Context(), b); n != 1 || err != nil {
		t.Errorf("%d frames, %v", n, err)
	}
	if data, err := b.GetObject(t.Context(), sha); string(data) != "object" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := b.PutObject(t.Context(), []byte("another")); err == nil {
		t.Error("an object was put")
	}
	if _, err := embedded.Open(t.Context(), embedded.Config{Config: bus.Config{URL: server.URL()}}); err == nil || !strings.Contains(err.Error(), "has sealed true, want false") {
		t.Errorf("who writes: %v", err)
	}
}
