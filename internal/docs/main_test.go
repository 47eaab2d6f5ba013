package docs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/internal/testpython"
	"abraxas.dev/ers/pkg/program/evaluator"
)

func TestMain(m *testing.M) {
	evaluator.Main()
	process.Main()
	testpython.First(nil)
	dir, err := os.MkdirTemp("", "ers-docs-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	bin = filepath.Join(dir, "bin")
	code := m.Run()
	_ = os.RemoveAll(dir) // what is left is in the temporary folder
	os.Exit(code)
}

// bin is where the commands are built.
var bin string

var build = sync.OnceValue(func() error {
	return goBuild(bin+string(filepath.Separator), "./cmd/ers", "./cmd/ers-hasher", "./cmd/ers-gate")
})

// goBuild builds packages of this module.
func goBuild(to string, packages ...string) error {
	build := exec.Command("go", append([]string{"build", "-ldflags=-s -w", "-o", to}, packages...)...) // linked in half the time
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", build, err, out)
	}
	return nil
}

// withCommands is the environment in which documents find the commands of ERS, which are built
// once for all tests.
func withCommands(t *testing.T) []string {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "NATS_URL=", "NO_COLOR=1")
}
