package docs

import (
	"strings"
	"testing"

	"abraxas.dev/ers/internal/auth"
)

// The table of roles in docs/security.md is that of the code.
func TestRoleMatrix(t *testing.T) {
	text := readFile(t, "docs/security.md")
	if want := "<!-- roles -->\n" + auth.Matrix() + "\n"; !strings.Contains(text, want) {
		t.Errorf("docs/security.md does not have this table:\n%s", want)
	}
}
