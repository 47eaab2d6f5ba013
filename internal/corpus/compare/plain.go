package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// made are the files that programs of the corpus make beside what they print.
const made = "parts.txt rows.tar parts.tar hello.sh"

// script runs the program and keeps in artifacts what it came to. It fails when the program
// does: two equal failures say nothing.
func (w *work) script(state string) string {
	var env []string
	for _, v := range w.shop.Environ(state) {
		if name, _, _ := strings.Cut(v, "="); name == "STATE" || name == "URL" {
			env = append(env, v)
		}
	}
	return fmt.Sprintf(`mkdir artifacts
env %s %s > artifacts/stdout 2> artifacts/stderr < /dev/null || exit 9
cp -p %s artifacts 2> /dev/null || true`, strings.Join(env, " "), strings.Join(w.shop.Command(w.entry), " "), made)
}

// source makes a fresh copy of the folder.
func (w *work) source() (string, error) {
	dir := filepath.Join(w.dir, "source")
	return dir, errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(w.shop.Dir)))
}

// places makes the folder that outlives runs, and a copy of that with the programs.
func (w *work) places() (state, dir string, err error) {
	if state, err = w.state(); err == nil {
		dir, err = w.source()
	}
	return state, dir, err
}

// twice runs the program two times in one folder, and says whether what it came to differs.
func (w *work) twice() (bool, error) {
	state, dir, err := w.places()
	if err != nil {
		return false, err
	}
	var came [2][]byte
	for i := range came {
		c := exec.Command("sh", "-c", w.script(state))
		c.Dir, c.Env = dir, w.shop.Environ(state)
		if out, err := c.CombinedOutput(); err != nil {
			return false, fmt.Errorf("%s: %w\n%s", w.entry.Program, err, out)
		}
		if came[i], err = contents(filepath.Join(dir, "artifacts")); err != nil {
			return false, err
		}
		for _, name := range append(strings.Fields(made), "artifacts") {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				return false, err
			}
		}
	}
	return !bytes.Equal(came[0], came[1]), nil
}

// contents are the names, rights and contents of the files in a folder.
func contents(dir string) ([]byte, error) {
	var all bytes.Buffer
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		fmt.Fprintf(&all, "%s %s %q\n", d.Name(), info.Mode(), data)
		return err
	})
	return all.Bytes(), err
}

// reprotest has reprotest run the program, with its null server and all its variations but
// that of the user, for which it must be told of other users.
func (w *work) reprotest() (bool, error) {
	state, dir, err := w.places()
	if err != nil {
		return false, err
	}
	c := exec.Command("reprotest", "--vary=-user_group", "-c", w.script(state), dir, "artifacts/*", "--", "null")
	c.Env = w.shop.Environ(state)
	out, err := c.CombinedOutput()
	switch {
	case bytes.Contains(out, []byte("Reproduction successful")):
		return false, nil
	case bytes.Contains(out, []byte("/experiment-1\n")): // diffoscope names what it compares
		return true, nil
	}
	return false, fmt.Errorf("reprotest says nothing of %s: %w\n%s", w.entry.Program, err, out)
}
