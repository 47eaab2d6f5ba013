package folder

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"abraxas.dev/ers/internal/process"
)

func TestMain(m *testing.M) {
	process.Main()
	editIfAsked()
	os.Exit(m.Run())
}

// tree makes a folder of files, each as path and content; a path that ends with / is a
// folder, one with " -> " in it a link, one that begins with ! executable.
func tree(t *testing.T, files ...string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		put(t, dir, file)
	}
	return dir
}

func put(t *testing.T, dir, file string) {
	t.Helper()
	name, content, _ := strings.Cut(file, "=")
	name, target, link := strings.Cut(name, " -> ")
	name, program := strings.CutPrefix(name, "!")
	at := filepath.Join(dir, name)
	err := os.MkdirAll(filepath.Dir(at), 0o755)
	switch {
	case err != nil:
	case strings.HasSuffix(name, "/"):
		err = os.MkdirAll(at, 0o755)
	case link:
		err = os.Symlink(target, at)
	case program:
		err = os.WriteFile(at, []byte(content), 0o755)
	default:
		err = os.WriteFile(at, []byte(content), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// text writes changes one a line.
func text(t *testing.T, changes []Change) string {
	t.Helper()
	var b strings.Builder
	for i := range changes {
		c := &changes[i]
		fmt.Fprintf(&b, "%s %s", c.Path, c.Type)
		if c.Executable {
			b.WriteString(" executable")
		}
		if c.Target != "" {
			fmt.Fprintf(&b, " -> %s", c.Target)
		}
		if c.Type == TypeFile {
			fmt.Fprintf(&b, " %d %q", c.Size, content(t, c))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func content(t *testing.T, c *Change) string {
	t.Helper()
	file, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	all, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}
