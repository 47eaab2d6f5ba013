package pipeline

import (
	"math"
	"slices"
	"strings"

	"abraxas.dev/ers/internal/nearest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
)

// spot is a place in a text, from 1; the zero spot is none.
type spot struct{ line, column int }

// reader takes typed values out of a pipeline file. It finds all mistakes and goes on with
// zero values; what is wrong once is marked on the node, so that nothing else is said of it.
type reader struct{ *log }

// wrong reports a value that is not as it must be.
func (r *reader) wrong(n *node, format string, args ...any) {
	if !n.bad {
		n.bad = true
		r.fail(n.spot, format, args...)
	}
}

// mismatch reports a value of another type than wanted.
func (r *reader) mismatch(n *node, what, want string) {
	r.wrong(n, "%s is of type %s: want %s", what, n.kind, want)
}

// fields checks that n is an object with no other keys than those known.
func (r *reader) fields(n *node, what string, known ...string) {
	if n.kind != canon.Object {
		r.mismatch(n, what, "keys among "+strings.Join(known, ", "))
		return
	}
	for _, m := range n.members {
		if slices.Contains(known, m.key) {
			continue
		}
		if near := nearest.Word(m.key, known); near != "" && n.get(near) == nil {
			n.miss(near)
			r.fail(m.at, "unknown key %q in %s: did you mean %q?", m.key, what, near)
		} else {
			r.fail(m.at, "unknown key %q in %s: want keys among %s", m.key, what, strings.Join(known, ", "))
		}
	}
}

// need returns the value of a key that must be there, nil after a mistake.
func (r *reader) need(n *node, what, key, want string) *node {
	value := n.get(key)
	if value == nil && !n.bad && !n.missing[key] {
		n.miss(key)
		r.fail(n.spot, "%s has no %s: add %s", what, key, want)
	}
	return value
}

// text returns a string; "" for nil.
func (r *reader) text(n *node, what string) string {
	if n == nil {
		return ""
	}
	if n.kind != canon.String {
		r.mismatch(n, what, "a string")
	}
	return n.text
}

// integer returns an integer of 64 bits, or absent for nil and after a mistake.
func (r *reader) integer(n *node, what string, absent int64) int64 {
	if n == nil {
		return absent
	}
	i, ok := n.scalar.Int()
	switch {
	case n.kind != canon.Int:
		r.mismatch(n, what, "an integer")
	case !ok:
		r.wrong(n, "%s is too large for 64 bits: want at most %d", what, int64(math.MaxInt64))
	default:
		return i
	}
	return absent
}

// list returns the elements of an array; none for nil.
func (r *reader) list(n *node, what, want string) []*node {
	if n == nil {
		return nil
	}
	if n.kind != canon.Array {
		r.mismatch(n, what, want)
	}
	return n.items
}

// budget reads {ops, entropy}, each of them 0 where it is left out; where ops are
// required that is a mistake.
func (r *reader) budget(n *node, what string, required bool) (b events.Budget) {
	if n == nil {
		return b
	}
	r.fields(n, what, "ops", "entropy")
	if required {
		r.need(n, what, "ops", "the ops that the lane may spend in a tick")
	}
	b.Ops = r.integer(n.get("ops"), "ops of the "+what, 0)
	b.Entropy = r.integer(n.get("entropy"), "entropy of the "+what, 0)
	return b
}
