package compare

import (
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/content"
	"abraxas.dev/ers/pkg/events"
)

// MaxCanonical is the longest [events.Side].Canonical, in bytes, and the longest
// Error. What is longer is cut to a part around the first byte that differs, with "…"
// where something is left out, and Value is then null: a verdict must fit into a
// message.
const MaxCanonical = 16 << 10

// newSide returns what a run has at the place where it differs from other, what
// another run has there.
func newSide(run int, v, other canon.Value) events.Side {
	s := events.Side{Run: run, Present: v != "", Canonical: cut(string(v), string(other)), Value: canon.Null, After: []events.TraceEvent{}}
	if v != "" && len(v) <= MaxCanonical && v.Standard() && nests(v) {
		s.Value = v
	}
	return s
}

// nests tells whether v can stand as deep in a verdict as Value does: readers bound
// the depth of a document.
func nests(v canon.Value) bool {
	_, err := canon.Of([]any{[]any{[]any{v}}})
	return err == nil
}

// cut returns at most MaxCanonical bytes of s, with the first that differs from other
// among them.
func cut(s, other string) string { return content.Cut(s, other, MaxCanonical) }
