// Package laws holds the tests of what is true of the project as a whole.
package laws

import (
	"go/build"
	"slices"
	"strings"
	"testing"
)

// pure are the packages in which nothing may depend on when, where or by whom they
// are called.
var pure = []string{"canon", "events", "scheduler", "program", "compare", "report", "aalviz"}

// forbidden are the imports that a pure package must not have, nor a package of ours
// that it imports.
var forbidden = []string{"net", "os", "time", "math/rand", "crypto/rand", "context", "sync/atomic", "runtime", "syscall",
	"github.com/nats-io", "testing"}

func TestPurePackages(t *testing.T) {
	for _, name := range pure {
		p, err := build.ImportDir("../../pkg/"+name, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) == 0 {
			t.Errorf("package %s has no files", name)
		}
		for _, imported := range p.Imports {
			for _, f := range forbidden {
				if imported == f || strings.HasPrefix(imported, f+"/") {
					t.Errorf("package %s imports %s", name, imported)
				}
			}
			if ours, ok := strings.CutPrefix(imported, "abraxas.dev/ers/"); ok && !slices.Contains(pure, strings.TrimPrefix(ours, "pkg/")) {
				t.Errorf("package %s imports %s, which is not pure", name, imported)
			}
		}
	}
}
