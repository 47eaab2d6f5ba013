package audit

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the audit may use of package events: names, constants and how subjects are
// made, but nothing that decodes, hashes or judges.
var shared = regexp.MustCompile(`^(Stream\w+|BucketObjects|\w+Subjects?|VerdictGuard|CheckPipelineName|CheckBudgetName|CheckKind|RunKey|\w+Schema|FrameVersion|MinRuns|MaxRuns|Outcome|Pass|Fail|Inconclusive|DivergenceKind|Kind[A-Z]\w+)$`)

// The path of the audit is its own: it shares no decoder, no writer of canonical
// bytes, no hash and no judge with the services.
func TestOwnPath(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"abraxas.dev/ers/pkg/bus", "abraxas.dev/ers/pkg/events"}
	used := map[string]bool{}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(path, ".") && !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s", name, path)
			}
			if spec.Name != nil {
				t.Errorf("%s imports %s under the name %s", name, path, spec.Name)
			}
			used[path] = true
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "events" && !shared.MatchString(s.Sel.Name) {
					t.Errorf("%s uses events.%s", name, s.Sel.Name)
				}
			}
			return true
		})
	}
	for _, path := range append(allowed, "encoding/json", "crypto/sha256") {
		if !used[path] {
			t.Errorf("nothing imports %s", path)
		}
	}
}
