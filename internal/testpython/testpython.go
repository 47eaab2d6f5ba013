// Package testpython is for tests that start Python often. Nothing but tests imports it.
package testpython

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// First puts the folder of the interpreter that python3 stands for first on the PATH. A shim of a
// version manager is a shell script that takes half a second a start, and tests start hundreds.
// Where there is no python3 the PATH stays as it is.
//
// commands are those of testscript.Main, for which the program of the tests is started again:
// as one of them it leaves the PATH as it was handed, which costs nothing.
func First(commands map[string]func()) {
	if commands[strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")] != nil {
		return
	}
	out, err := exec.Command("python3", "-S", "-c", "import sys; print(sys.executable)").Output()
	if err != nil {
		return
	}
	dir := filepath.Dir(strings.TrimSpace(string(out)))
	_ = os.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH")) // it fails for bad names alone
}
