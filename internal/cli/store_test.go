package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

type contentsKey struct{}

// unchanged DIR notes what is in the files of a folder, and the next time wants it to be
// the same to the byte.
func unchanged(ts *testscript.TestScript, _ bool, args []string) {
	var b strings.Builder
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		fmt.Fprintf(&b, "%s %x\n", path, sha256.Sum256(data))
		return err
	}))
	notes := ts.Value(contentsKey{}).(map[string]string)
	before, noted := notes[args[0]]
	delete(notes, args[0])
	if !noted {
		notes[args[0]] = b.String()
	} else if before != b.String() {
		ts.Fatalf("%s was\n%s and is\n%s", args[0], before, b.String())
	}
}

// empty DIR wants a folder with nothing in it.
func empty(ts *testscript.TestScript, _ bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(entries) > 0 {
		ts.Fatalf("%s has %v in it", args[0], entries)
	}
}

// damage STORE STREAM OLD NEW changes the first such bytes in a stream's file.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	blocks, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "jetstream", "$G", "streams", args[1], "msgs", "*.blk"))
	ts.Check(err)
	name := slices.Min(blocks)
	data, err := os.ReadFile(name)
	ts.Check(err)
	changed := bytes.Replace(data, []byte(args[2]), []byte(args[3]), 1)
	if bytes.Equal(data, changed) {
		ts.Fatalf("%s has no %s", name, args[2])
	}
	ts.Check(os.WriteFile(name, changed, 0o600))
}

// ids FILE TO WHY writes a file that acknowledges all findings of a report.
func ids(ts *testscript.TestScript, _ bool, args []string) {
	var report struct {
		Findings []struct {
			ID string `json:"id"`
		} `json:"findings"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &report))
	var b strings.Builder
	for _, f := range report.Findings {
		fmt.Fprintf(&b, "%s  %s\n", f.ID, args[2])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o600))
}
