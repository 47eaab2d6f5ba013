package folder

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"abraxas.dev/ers/internal/process/processtest"
)

func TestCopy(t *testing.T) {
	from := tree(t, "a=one", "!run=two", "d/e/f=three", "empty/", "link -> a", "out -> /etc/passwd", "nowhere -> none", ".store/trace=x", "d/skip=y", "locked/x=1")
	long := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, name := range []string{"a", "d"} {
		if err := os.Chtimes(filepath.Join(from, name), long, long); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(from, "locked"), 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(from, "locked"), 0o755) })
	if socket, err := net.Listen("unix", filepath.Join(from, "socket")); err == nil {
		defer func() { _ = socket.Close() }()
	}
	to := filepath.Join(tree(t), "copy")
	files, bytes := 0, int64(0)
	m, left, err := Copy(t.Context(), from, to, CopyOptions{Skip: []string{".store", "d/skip"}, Progress: func(f int, b int64) { files, bytes = f, b }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := Remove(to); err != nil {
			t.Error(err)
		}
	}()
	if runtime.GOOS != "windows" && strings.Join(left, "; ") != "socket: it is neither a file nor a folder nor a link" {
		t.Errorf("left out: %q", left)
	}
	if files != 4 || bytes != 12 {
		t.Errorf("%d files, %d bytes", files, bytes)
	}
	for _, name := range []string{"a", "run", "d", "d/e/f", "empty", "link", "out", "nowhere", "locked", "locked/x"} {
		was, err1 := os.Lstat(filepath.Join(from, name))
		is, err2 := os.Lstat(filepath.Join(to, name))
		if err1 != nil || err2 != nil {
			t.Errorf("%s: %v, %v", name, err1, err2)
			continue
		}
		if was.Mode() != is.Mode() || was.Mode().IsRegular() && was.Size() != is.Size() {
			t.Errorf("%s: %v, want %v", name, is.Mode(), was.Mode())
		}
		if was.Mode()&os.ModeSymlink == 0 && !was.ModTime().Equal(is.ModTime()) {
			t.Errorf("%s is of %v, want %v", name, is.ModTime(), was.ModTime())
		}
	}
	for _, name := range []string{".store", "d/skip", "socket"} {
		if _, err := os.Lstat(filepath.Join(to, name)); err == nil {
			t.Errorf("%s was copied", name)
		}
	}
	if changes, err := m.Compare(); len(changes) > 0 || err != nil {
		t.Errorf("changes of a fresh copy: %s%v", text(t, changes), err)
	}
	put(t, to, "d/skip=is not looked at")
	put(t, to, "d/new=is")
	if changes, err := m.Compare(); err != nil || text(t, changes) != "d/new file 2 \"is\"\n" {
		t.Errorf("changes: %s%v", text(t, changes), err)
	}
	if _, _, err := Copy(t.Context(), from, to, CopyOptions{}); !errors.Is(err, os.ErrExist) {
		t.Errorf("copied over a copy: %v", err)
	}
}

func TestCopyLeavesOutWhatCannotBeRead(t *testing.T) {
	if os.Geteuid() == 0 { // who can read everything
		processtest.AsOrdinaryUser(t)
		return
	}
	from := tree(t, "a=1", "secret=2", "dir/x=3")
	for name, mode := range map[string]os.FileMode{"secret": 0, "dir": 0} {
		if err := os.Chmod(filepath.Join(from, name), mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(filepath.Join(from, name), 0o755) })
	}
	_, left, err := Copy(t.Context(), from, filepath.Join(tree(t), "to"), CopyOptions{})
	if err != nil || strings.Join(left, "; ") != "dir: it cannot be read by this user; secret: it cannot be read by this user" {
		t.Errorf("%q, %v", left, err)
	}
}

func TestCopyIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err := Copy(ctx, tree(t, "a=1", "b=2", "c=3"), filepath.Join(tree(t), "to"), CopyOptions{Progress: func(n int, _ int64) {
		if n == 2 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A file that changes within one step of the system's clock, and keeps its size and time.
func TestChangesRightAfterTheCopy(t *testing.T) {
	from := tree(t, "a=one")
	to := filepath.Join(tree(t), "copy")
	for range 50 {
		m, _, err := Copy(t.Context(), from, to, CopyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(to, "a"))
		if err != nil {
			t.Fatal(err)
		}
		put(t, to, "a=two")
		if err := os.Chtimes(filepath.Join(to, "a"), time.Time{}, info.ModTime()); err != nil {
			t.Fatal(err)
		}
		if changes, err := m.Compare(); err != nil || text(t, changes) != "a file 3 \"two\"\n" {
			t.Fatalf("changes: %s%v", text(t, changes), err)
		}
		if err := Remove(to); err != nil {
			t.Fatal(err)
		}
	}
}

// In place: each run begins with what the one before has left.
func TestScan(t *testing.T) {
	dir := tree(t, "a=one", "b=two", "gone=x", "d/same=s", ".store/x=1")
	skip := []string{".store"}
	m, err := Scan(t.Context(), dir, skip, nil)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "a=ONE")
	put(t, dir, "d/same=s")
	put(t, dir, "new=n")
	put(t, dir, ".store/y=2")
	if err := os.Remove(filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	const want = "a file 3 \"ONE\"\ngone deleted\nnew file 1 \"n\"\n"
	changes, err := m.Compare()
	if err != nil || text(t, changes) != want {
		t.Errorf("changes:\n%s%v", text(t, changes), err)
	}
	for i := range 2 {
		m, err = Scan(t.Context(), dir, skip, m)
		if err != nil {
			t.Fatal(err)
		}
		if changes, err := m.Compare(); len(changes) > 0 || err != nil {
			t.Errorf("scan %d: changes:\n%s%v", i, text(t, changes), err)
		}
		put(t, dir, fmt.Sprintf("b=%d%[1]d%[1]d", i))
		if changes, err := m.Compare(); err != nil || text(t, changes) != fmt.Sprintf("b file 3 \"%d%[1]d%[1]d\"\n", i) {
			t.Errorf("scan %d: changes:\n%s%v", i, text(t, changes), err)
		}
	}
}

func TestRemove(t *testing.T) {
	dir := tree(t, "top/a/b/c=1", "top/a/d=2", "kept=3")
	for _, name := range []string{"top/a/b", "top/a", "top"} {
		if err := os.Chmod(filepath.Join(dir, name), 0); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := Remove(filepath.Join(dir, "top")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "kept")); err != nil {
		t.Error(err)
	}
}

func TestNamesThatNoRecordCanHave(t *testing.T) {
	dir := tree(t)
	m, err := Scan(t.Context(), dir, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a\xff"), nil, 0o644); err != nil {
		t.Skip(err)
	}
	_, err = m.Compare()
	processtest.WantError(t, err, `"a\xff" has a name that is not UTF-8`)
}
