package events_test

import (
	"strings"
	"testing"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

func TestClipReason(t *testing.T) {
	for _, text := range []string{"", "short", strings.Repeat("x", events.MaxReason), "bad \xff"} {
		if got := events.ClipReason(text); got != strings.ToValidUTF8(text, "\uFFFD") {
			t.Errorf("%q became %q", text, got)
		}
	}
	for _, unit := range []string{"x", "é", "日", "😀", `"`, `\`, "\x01", "\xff-"} {
		for n := range 8 {
			got := events.ClipReason(strings.Repeat("-", n) + strings.Repeat(unit, events.MaxReason+1))
			v, err := canon.Of(got)
			if size := len(v) - len(`""`); err != nil || size > events.MaxReason || size < events.MaxReason-len(`\u0000…`) || !strings.HasSuffix(got, "…") {
				t.Errorf("%d and %q: %d bytes, %v", n, unit, size, err)
			}
		}
	}
}
