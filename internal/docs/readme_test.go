package docs

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what the commands print into README.md")

// marked are the blocks of the README that are run, and the files that these need.
var marked = regexp.MustCompile("(?s)```(console|console varies|python \\S+)\n(.*?)```\n")

// estimate is what ers says of the time that it takes, where that is long.
var estimate = regexp.MustCompile("(?m)^ers: the first run took .*\n")

// Every command in the README's console blocks prints what stands below it. What comes of
// chance is in a block marked varies: there the first word alone is held.
// A block marked python FILE is that file from there on.
func TestReadme(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is missing, in which an example is written")
	}
	dir, env := t.TempDir(), withCommands(t)
	for _, name := range []string{"examples", "docs"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(root, name))); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	got := marked.ReplaceAllFunc(text, func(block []byte) []byte {
		parts := marked.FindSubmatch(block)
		mark := string(parts[1])
		if file, ok := strings.CutPrefix(mark, "python "); ok {
			if err := os.WriteFile(filepath.Join(dir, file), parts[2], 0o644); err != nil {
				t.Fatal(err)
			}
			return block
		}
		out := []byte("```" + mark + "\n")
		for line := range strings.Lines(string(parts[2])) {
			command, ok := strings.CutPrefix(line, "$ ")
			if !ok {
				continue
			}
			commands++
			c := exec.CommandContext(t.Context(), "bash", "-c", command)
			c.Dir, c.Env = dir, env
			printed, err := c.CombinedOutput()
			if _, exit := err.(*exec.ExitError); err != nil && !exit {
				t.Fatal(err)
			}
			out = append(append(out, line...), estimate.ReplaceAll(printed, nil)...)
		}
		out = append(out, "```\n"...)
		if mark == "console varies" && !*update && alike(block, out) {
			return block
		}
		return out
	})
	if commands == 0 {
		t.Fatal("no commands found")
	}
	if bytes.Equal(got, text) {
		return
	}
	if *update {
		if err := os.WriteFile(filepath.Join(root, "README.md"), got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("the README is not what its commands print: review, then run go test ./internal/docs -run TestReadme -update\n%s", got)
}

// alike tells whether two blocks have the same command, and the same first word of what it
// prints.
func alike(a, b []byte) bool {
	begin := func(block []byte) string {
		lines := strings.SplitN(string(block), "\n", 4)
		if len(lines) < 4 {
			return string(block)
		}
		word, _, _ := strings.Cut(lines[2], " ")
		return lines[1] + "\n" + word
	}
	return begin(a) == begin(b)
}
