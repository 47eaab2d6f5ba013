// Package pykit holds the tests of the Python kit that go through Go: its own tests, and
// the kit in a conversation with package worker.
package pykit

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"abraxas.dev/ers/python"
)

const kit = "../../python"

// interpreter finds Python, and skips the test where there is none. A shim on the PATH
// costs a third of a second a start, so that the interpreter is asked who it is.
func interpreter(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("python3", "-c", "import sys; assert sys.version_info >= (3, 9); print(sys.executable)").Output()
	if err != nil {
		t.Skipf("the kit needs Python 3.9 or newer as python3: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// TestKit runs the kit's own tests.
func TestKit(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	c := exec.Command(interpreter(t), "-m", "unittest", "discover", "tests")
	c.Dir = kit
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestEmbedded holds what is embedded against the folder.
func TestEmbedded(t *testing.T) {
	want, err := filepath.Glob(kit + "/ers/*")
	if err != nil {
		t.Fatal(err)
	}
	want = slices.DeleteFunc(want, func(name string) bool { return filepath.Base(name) == "__pycache__" })
	var got []string
	err = fs.WalkDir(python.Kit, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			got = append(got, filepath.Join(kit, name))
		}
		return err
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("embedded are %q (%v)\nin the folder are %q", got, err, want)
	}
}
