package e2e

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	confine "abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/internal/testpython"
	"abraxas.dev/ers/internal/testsize"
	"abraxas.dev/ers/pkg/program/evaluator"
)

// bin is the folder with the built commands.
var bin string

func TestMain(m *testing.M) {
	evaluator.Main()
	confine.Main()
	if os.Args[0] == racer {
		raceWithItself()
	}
	if filepath.Base(os.Args[0]) == natsServer {
		serveNATS()
	}
	if filepath.Base(os.Args[0]) == goProgram {
		counted().Main()
	}
	testsize.Wait(2) // for time-outs of the server
	flag.Parse()
	if testing.Short() {
		fmt.Println("left out with -short")
		return
	}
	testpython.First(nil)
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ers-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin = dir
	for _, sources := range []string{"../../cmd", "../../internal/cli"} {
		if err := readSources(sources); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if err := errors.Join(linkGoProgram(), linkServer()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	args := []string{"build", "-ldflags=-s -w", "-o", dir + string(filepath.Separator)} // linked in half the time
	if raceEnabled {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "abraxas.dev/ers/cmd/...")...)
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n%s", build, err, out)
		return 1
	}
	return m.Run()
}

// readSources opens the files of the commands, which no test imports: so `go test`
// knows that what it has cached is old when one of them has changed.
func readSources(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			_, err = os.ReadFile(path)
		}
		return err
	})
}

// command is a built command, with an environment that names no server.
func command(name string, args ...string) *exec.Cmd {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	cmd := exec.Command(filepath.Join(bin, name), args...)
	cmd.Env = append(os.Environ(), "NATS_URL=", "NATS_CREDS=", "XDG_CONFIG_HOME="+bin, haltOnRace)
	return cmd
}
