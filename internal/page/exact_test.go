package page

import (
	"fmt"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
)

// TestExact reads JSON without changing what JavaScript's numbers cannot hold.
func TestExact(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	p := newTab(t, s, desktop)
	p.open("/")
	p.see(".empty", "No windows yet")
	for text, want := range map[string]string{
		`1`: `1`, `1.0`: `"1.0"`, `9007199254740993`: `"9007199254740993"`, `-0.0`: `"-0.0"`, `1e+16`: `"1e+16"`, `NaN`: `"NaN"`, `-Infinity`: `"-Infinity"`,
		`"a\"b\\"`: `"a\"b\\"`, `[]`: `[]`, `{}`: `{}`, `[1,[2.50,"x"],{"a":null,"b":true}]`: `[1,[2.50,"x"],{"a":null,"b":true}]`,
	} {
		got := eval[string](p, fmt.Sprintf(`import("/js/exact.js").then((m) => JSON.stringify(m.parse(%q)))`, text))
		if want == text && text[0] == '[' && len(text) > 2 {
			want = `[1,["2.50","x"],{"a":null,"b":true}]`
		}
		if got != want {
			t.Errorf("%s is read as %s, not %s", text, got, want)
		}
	}
	for _, text := range []string{"", "[", "[1", `{"a"}`, `{"a":1`, "1 2", `"open`, "]"} {
		if eval[bool](p, fmt.Sprintf(`import("/js/exact.js").then((m) => { try { m.parse(%q); return true; } catch { return false; } })`, text)) {
			t.Errorf("%q is read", text)
		}
	}
}
