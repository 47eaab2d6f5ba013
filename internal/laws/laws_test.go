// Package laws holds the tests of what is true of the project as a whole.
package laws

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pure are the packages in which nothing may depend on when, where or by whom they
// are called.
var pure = []string{"canon", "events", "scheduler", "program", "compare", "budgets", "content", "rules", "sure", "vary", "blame", "program/command", "report", "aalviz",
	"worker", "service/hasher/core", "service/gate/core", "../internal/auth"}

// forbidden are the imports that a pure package must not have, nor a package of ours
// that it imports.
// Context is one of them: what is left of it, see named.
var forbidden = []string{"net", "os", "time", "math/rand", "crypto/rand", "sync/atomic", "runtime", "syscall",
	"github.com/nats-io", "testing"}

// named are all the names of package context that a pure package may use: what says
// that somebody is to stop. No name is among them that brings a clock or a value in.
var named = []string{"Context", "Background", "AfterFunc"}

// stopped are the pure packages that pass a context on, so that a task can be stopped.
var stopped = []string{"scheduler", "program", "worker"}

func TestPurePackagesKnowNoDeadlines(t *testing.T) {
	for _, name := range pure {
		files, err := filepath.Glob("../../pkg/" + name + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("package %s: %d files, %v", name, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, imported := range parsed.Imports {
				if imported.Path.Value == `"context"` && (!slices.Contains(stopped, name) || imported.Name != nil) {
					t.Errorf("%s imports context: packages %v alone pass it on, under its own name", file, stopped)
				}
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				of, ok := s.X.(*ast.Ident)
				// Deadline and Value are of the interface: whatever has a method of this
				// name is looked at too.
				if ok && of.Name == "context" && !slices.Contains(named, s.Sel.Name) || s.Sel.Name == "Deadline" {
					t.Errorf("%s uses %s", file, s.Sel.Name)
				}
				return true
			})
		}
	}
}

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
