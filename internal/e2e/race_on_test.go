//go:build race

package e2e

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// slower is how much longer all may take that the detector looks at.
const (
	raceEnabled = true
	slower      = 10
)

// A race that a process finds ends it with a code of its own, and its words are found.
func TestRaceIsSeen(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := &exec.Cmd{Path: self, Args: []string{racer}, Env: append(os.Environ(), haltOnRace)}
	out, err := cmd.CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 66 {
		t.Errorf("%v: %s", err, out)
	}
	if found := race(string(out)); !strings.Contains(found, "raceWithItself") || strings.Contains(found, "=====") {
		t.Errorf("found %q in\n%s", found, out)
	}
}
