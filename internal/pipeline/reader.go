package pipeline

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/program"
)

// spot is a place in a text, from 1; the zero spot is none.
type spot struct{ line, column int }

// reader takes typed values out of a pipeline file. It keeps the first mistake and
// returns zero values from then on, so that a caller looks at err once, at the end.
type reader struct {
	file string
	err  error
}

func (r *reader) fail(at spot, format string, args ...any) {
	if r.err == nil {
		r.err = &program.Error{File: r.file, Line: at.line, Column: at.column, Msg: fmt.Sprintf(format, args...)}
	}
}

// mismatch reports a value of another type than wanted.
func (r *reader) mismatch(n *node, what, want string) {
	r.fail(n.spot, "%s is of type %s: want %s", what, n.kind, want)
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
		if near := nearest(m.key, known); near != "" {
			r.fail(m.at, "unknown key %q in %s: did you mean %q?", m.key, what, near)
		} else {
			r.fail(m.at, "unknown key %q in %s: want keys among %s", m.key, what, strings.Join(known, ", "))
		}
		return
	}
}

// need returns the value of a key that must be there, nil after a mistake.
func (r *reader) need(n *node, what, key, want string) *node {
	if r.err != nil {
		return nil
	}
	value := n.get(key)
	if value == nil {
		r.fail(n.spot, "%s has no %s: add %s", what, key, want)
	}
	return value
}

// text returns a string; "" for nil.
func (r *reader) text(n *node, what string) string {
	if n == nil || r.err != nil {
		return ""
	}
	if n.kind != canon.String {
		r.mismatch(n, what, "a string")
	}
	return n.text
}

// integer returns an integer of 64 bits, or absent for nil.
func (r *reader) integer(n *node, what string, absent int64) int64 {
	if n == nil || r.err != nil {
		return absent
	}
	i, ok := n.scalar.Int()
	switch {
	case n.kind != canon.Int:
		r.mismatch(n, what, "an integer")
	case !ok:
		r.fail(n.spot, "%s is too large for 64 bits: want at most %d", what, int64(math.MaxInt64))
	}
	return i
}

// list returns the elements of an array; none for nil.
func (r *reader) list(n *node, what, want string) []*node {
	if n == nil || r.err != nil {
		return nil
	}
	if n.kind != canon.Array {
		r.mismatch(n, what, want)
	}
	return n.items
}

// budget reads {ops, entropy}. Where both are required an absent one is a mistake,
// else it is 0.
func (r *reader) budget(n *node, what string, required bool) (b events.Budget) {
	if n == nil || r.err != nil {
		return b
	}
	r.fields(n, what, "ops", "entropy")
	if required {
		r.need(n, what, "ops", "the ops that the lane may spend in a tick")
		r.need(n, what, "entropy", "the entropy that the lane may spend in a tick, 0 if no task costs any")
	}
	b.Ops = r.integer(n.get("ops"), "ops of the "+what, 0)
	b.Entropy = r.integer(n.get("entropy"), "entropy of the "+what, 0)
	return b
}

// nearest returns the known word that is at most two typing mistakes away from
// word, "" for none.
func nearest(word string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := editDistance(word, k); d < min(distance, len(k)) {
			best, distance = k, d
		}
	}
	return best
}

// editDistance counts the letters to insert, remove or replace to get from a to b.
func editDistance(a, b string) int {
	if len(a) > 64 { // no key is as long
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
