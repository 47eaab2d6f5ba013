package process

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// run runs a command to its end and returns what it has written, to both outputs.
func run(t *testing.T, s Spec) (string, Exit) {
	t.Helper()
	p, said := begin(t, s)
	text, err := io.ReadAll(said)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), p.Wait()
}

// begin starts a command, whose output can be read meanwhile.
func begin(t *testing.T, s Spec) (*Process, *os.File) {
	t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	s.Stdout, s.Stderr = in, in
	p, err := Start(t.Context(), s)
	_ = in.Close()
	if err != nil {
		t.Fatal(err)
	}
	return p, out
}

// shell is a command in the shell, in a folder of its own.
func shell(t *testing.T, script string) Spec {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts processes")
	}
	return Spec{Command: []string{tool(t, "sh"), "-c", script}, Env: []string{"PATH=" + os.Getenv("PATH")}, Dir: folder(t)}
}

// folder is a new folder under its real name.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// tool is the path of a program, without which the test is skipped.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("there is no %s here", name)
	}
	return path
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func mkdir(t *testing.T, path ...string) string {
	t.Helper()
	dir := filepath.Join(path...)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
