package corpus

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// beside are files that programs of the table name.
var beside = []string{"table.yaml", "compare.sh", "interference.sh", "restart.py", "error-address.py"}

// Each program says first what drifts in it and why, or why it is clean; and none is left
// out of the table.
func TestTable(t *testing.T) {
	table, err := Read(drift)
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Drifting) < 36 || len(table.Clean) < 12 {
		t.Errorf("there are %d programs that drift, and %d clean ones", len(table.Drifting), len(table.Clean))
	}
	listed := make(map[string]bool)
	for _, name := range beside {
		listed[name] = true
	}
	check := func(list []Entry, begins string) {
		for _, e := range list {
			file := e.Program
			if filepath.Ext(file) == "" {
				file += "/main.go"
			}
			listed[file] = true
			text, err := os.ReadFile(filepath.Join(drift, file))
			if err != nil {
				t.Error(err)
			}
			if e.Program != "latch-accepted.yaml" && strings.HasPrefix(e.Program, "clean/") != (begins == "Clean: ") {
				t.Errorf("%s is in the wrong list", e.Program)
			}
			if line, _, _ := strings.Cut(string(text), "\n"); !regexp.MustCompile("^(#|//) " + begins + ".+").MatchString(line) {
				t.Errorf("%s begins with %q, want a comment with %q", file, line, begins)
			}
		}
	}
	check(table.Drifting, "Drifts: ")
	check(table.Clean, "Clean: ")
	err = fs.WalkDir(os.DirFS(drift), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !listed[path] && !strings.HasPrefix(path, "parts/") {
			t.Errorf("table.yaml has no line for %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// The table in the docs is of these programs, and what it says of ERS is what the other
// tests hold.
func TestDocs(t *testing.T) {
	table, err := Read(drift)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../docs/variations.md")
	if err != nil {
		t.Fatal(err)
	}
	row := func(e *Entry, says string) {
		line := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(e.Class) + ` \| ` + regexp.QuoteMeta(e.Program) + ` \| (` + says + `) \| `)
		if !line.Match(text) {
			t.Errorf("docs/variations.md has no line for %s, %s, with %s; see compare.sh", e.Class, e.Program, says)
		}
	}
	for _, e := range table.Drifting {
		says := "no: needs " + e.Needs
		if e.Needs == "" || e.Needs == "crash" {
			says = string(e.Kind) + " at (?:" + e.Place + ")"
		}
		says += `) \| (` + regexp.QuoteMeta(e.Cause) + ".*"
		row(&e, says)
	}
	for _, e := range table.Clean {
		row(&e, "passes")
	}
}
